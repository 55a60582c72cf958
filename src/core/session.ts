import {
  readProof,
  type Refusal,
  sendHello,
  sendVerdict,
  type ServerSelf,
} from "./auth_exchange.ts";
import { CloseCode } from "./close_code.ts";
import type { Admission } from "./admission.ts";
import { HandshakeTimeoutError } from "./errors.ts";
import type { Handler } from "./handler.ts";
import type { AuthContext, Identity } from "./identity.ts";
import {
  endFailed,
  handlerContext,
  type LiveDeps,
  type LiveSession,
  revoke,
  serveToEnd,
} from "./live_session.ts";
import type { TransportConnection } from "./transport/transport.ts";

/** What sessions of one endpoint share. */
export interface SessionDeps extends LiveDeps {
  readonly admission: Admission;
}

/** What a session asks of the listener that has taken it. */
export interface SessionListener extends ServerSelf {
  /** The port of QUIC, where it shows the certificate that TLS shows for a name. */
  quicPortFor(serverName: string | undefined): number | undefined;
}

/** The life of one accepted connection: handshake, proof, handler, close. */
export class Session implements LiveSession {
  readonly conn: TransportConnection;
  readonly handler: Handler;
  readonly openedAt: Date = new Date();
  readonly done: Promise<void>;
  readonly #listener: SessionListener;
  readonly #deps: SessionDeps;
  #fingerprint?: string;
  #identity?: Identity;
  #timedOut = false;

  constructor(
    conn: TransportConnection,
    handler: Handler,
    listener: SessionListener,
    deps: SessionDeps,
  ) {
    this.conn = conn;
    this.handler = handler;
    this.#listener = listener;
    this.#deps = deps;
    this.done = this.#run();
  }

  get fingerprint(): string | undefined {
    return this.#fingerprint;
  }

  /**
   * Looks the peer up again after a change of peers; one that was known and no longer is loses the
   * connection at once.
   */
  reauthorize(): void {
    if (!this.#fingerprint || this.conn.signal.aborted) return;
    const known = this.#identity;
    this.#identity = this.#deps.identities.fromFingerprint(this.#fingerprint);
    const disabled = this.#deps.identities.isDisabled(this.#fingerprint);
    if (!disabled && (!known || this.#identity?.id === known.id)) return;
    revoke(this, this.#deps);
  }

  async #run(): Promise<void> {
    try {
      if (await this.#authenticate()) await this.#serve();
    } catch (error) {
      this.#failed(error);
    }
    await this.conn.closed;
  }

  /** Handshake and proof, within the time both are given; false when the peer was turned away. */
  async #authenticate(): Promise<boolean> {
    const timer = setTimeout(() => {
      this.#timedOut = true;
      this.#deps.counters.handshakeTimeout++;
      this.#deps.report("handshake.timeout", this, new HandshakeTimeoutError("No proof in time"));
      this.conn.close(CloseCode.Timeout, "handshake took too long");
    }, this.#deps.limits.handshakeTimeoutMs);
    try {
      const refusal = await this.#exchange();
      if (refusal) this.#refuse(refusal);
      return !refusal && this.#enterIdentity();
    } finally {
      clearTimeout(timer);
    }
  }

  async #exchange(): Promise<Refusal | undefined> {
    const { conn, handler: { peerAuth = "none" } } = this;
    const byCertificate = conn.peerFingerprints.length > 0;
    if (peerAuth === "none" || byCertificate) {
      await conn.handshake;
      return this.#settle(peerAuth, this.#bestOf(conn.peerFingerprints));
    }
    const nonce = await sendHello(conn, peerAuth === "required");
    await conn.handshake;
    const { fingerprint, refusal } = await readProof(conn, nonce, this.#listener);
    const verdict = refusal ?? this.#settle(peerAuth, fingerprint);
    await sendVerdict(conn, verdict);
    return verdict;
  }

  /** A certificate may be listed by its key or by its hash, and be disabled by either. */
  #bestOf(fingerprints: readonly string[]): string | undefined {
    const { identities } = this.#deps;
    return fingerprints.find((each) => identities.isDisabled(each)) ??
      fingerprints.find((each) => identities.fromFingerprint(each)) ?? fingerprints[0];
  }

  #settle(peerAuth: string, fingerprint: string | undefined): Refusal | undefined {
    this.#fingerprint = fingerprint;
    this.#identity = fingerprint ? this.#deps.identities.fromFingerprint(fingerprint) : undefined;
    this.conn.auth = this.#authContext();
    if (fingerprint && this.#deps.identities.isDisabled(fingerprint)) return "not-accepted";
    if (peerAuth !== "required" || this.#identity) return undefined;
    return fingerprint ? "not-accepted" : "proof-required";
  }

  #authContext(): AuthContext {
    const { conn } = this;
    const identity = (): Identity | undefined => this.#identity;
    return {
      get identity(): Identity | undefined {
        return identity();
      },
      fingerprint: this.#fingerprint,
      alpn: conn.alpn,
      remoteAddr: conn.remoteAddr,
    };
  }

  #refuse(refusal: Refusal): void {
    this.#deps.counters.authRefused++;
    this.#deps.report(`auth.${refusal}`, this);
    this.conn.close(CloseCode.AuthRefused, refusal);
  }

  #enterIdentity(): boolean {
    if (!this.#identity) return true;
    const leave = this.#deps.admission.identity(this.#identity.id);
    if (leave) {
      this.conn.closed.then(leave); // not when the handler is done: it may hang
      return true;
    }
    this.#deps.report("limit.identity", this);
    this.conn.close(CloseCode.Limit, "too many connections of this identity");
    return false;
  }

  async #serve(): Promise<void> {
    const { conn, handler } = this;
    const auth = conn.auth ?? this.#authContext();
    const ctx = handlerContext(conn, { auth, quicPort: () => this.#quicPort() }, this.#deps);
    await serveToEnd(this, () => handler.accept(conn, ctx), this.#deps);
  }

  #quicPort(): number | undefined {
    const { transport, serverName } = this.conn;
    return transport === "tls" ? this.#listener.quicPortFor(serverName) : undefined;
  }

  #failed(error: unknown): void {
    if (this.conn.auth) return endFailed(this, error, this.#deps);
    if (!this.#timedOut) this.#deps.counters.handshakeFailed++;
    this.#deps.report("handshake.failed", this, error);
    this.conn.close(CloseCode.AuthRefused, "failed");
  }
}
