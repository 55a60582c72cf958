import { readProof, type Refusal, sendHello, sendVerdict } from "./auth_exchange.ts";
import type { ServerBinding } from "./auth_wire.ts";
import { CloseCode } from "./close_code.ts";
import type { Admission } from "./admission.ts";
import { ConnectionClosedError, HandshakeTimeoutError } from "./errors.ts";
import type { Handler, HandlerContext } from "./handler.ts";
import type { AuthContext, Identity, IdentityProvider } from "./identity.ts";
import type { Counters, Limits } from "./limits.ts";
import type { TransportConnection } from "./transport/transport.ts";

/** What sessions of one endpoint share. */
export interface SessionDeps {
  readonly limits: Limits;
  readonly counters: Counters;
  readonly admission: Admission;
  readonly identities: IdentityProvider;
  /** Aborts when the endpoint begins to shut down. */
  readonly shutdown: AbortSignal;
  /** The port of QUIC under the certificate that TLS shows for a name. */
  quicPortFor(serverName: string | undefined): number | undefined;
  /** Tells of something worth a log line. */
  report(event: string, session: Session, error?: unknown): void;
}

/** The life of one accepted connection: handshake, proof, handler, close. */
export class Session {
  readonly conn: TransportConnection;
  readonly handler: Handler;
  readonly openedAt: Date = new Date();
  /** Resolves when the handler is done and the connection is over. */
  readonly done: Promise<void>;
  readonly #deps: SessionDeps;
  #fingerprint?: string;
  #identity?: Identity;
  #timedOut = false;

  constructor(
    conn: TransportConnection,
    handler: Handler,
    matches: (server: ServerBinding) => boolean,
    deps: SessionDeps,
  ) {
    this.conn = conn;
    this.handler = handler;
    this.#deps = deps;
    this.done = this.#run(matches);
  }

  /** The proven key or certificate. */
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
    this.#deps.counters.revoked++;
    this.#deps.report("connection.revoked", this);
    this.conn.close(CloseCode.Revoked, "permission withdrawn");
  }

  async #run(matches: (server: ServerBinding) => boolean): Promise<void> {
    try {
      if (await this.#authenticate(matches)) await this.#serve();
    } catch (error) {
      this.#failed(error);
    }
    await this.conn.closed;
  }

  /** Handshake and proof, within the time both are given; false when the peer was turned away. */
  async #authenticate(matches: (server: ServerBinding) => boolean): Promise<boolean> {
    const timer = setTimeout(() => {
      this.#timedOut = true;
      this.#deps.counters.handshakeTimeout++;
      this.#deps.report("handshake.timeout", this, new HandshakeTimeoutError("No proof in time"));
      this.conn.close(CloseCode.Timeout, "handshake took too long");
    }, this.#deps.limits.handshakeTimeoutMs);
    try {
      const refusal = await this.#exchange(matches);
      if (refusal) this.#refuse(refusal);
      return !refusal && this.#enterIdentity();
    } finally {
      clearTimeout(timer);
    }
  }

  async #exchange(matches: (server: ServerBinding) => boolean): Promise<Refusal | undefined> {
    const { conn, handler: { peerAuth = "none" } } = this;
    const byCertificate = conn.peerFingerprints.length > 0;
    if (peerAuth === "none" || byCertificate) {
      await conn.handshake;
      return this.#settle(peerAuth, this.#bestOf(conn.peerFingerprints));
    }
    const nonce = await sendHello(conn, peerAuth === "required");
    await conn.handshake;
    const { fingerprint, refusal } = await readProof(conn, nonce, { matches });
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
    this.#deps.counters.accepted++;
    this.#deps.report("connection.opened", this);
    await handler.accept(conn, this.#handlerContext());
    await this.#linger();
    conn.close(CloseCode.Ok, "");
  }

  #handlerContext(): HandlerContext {
    const { conn } = this;
    const deps = this.#deps;
    const { identities, shutdown } = deps;
    return {
      auth: conn.auth ?? this.#authContext(),
      identities,
      get quicPort(): number | undefined {
        return conn.transport === "tls" ? deps.quicPortFor(conn.serverName) : undefined;
      },
      get signal(): AbortSignal {
        return AbortSignal.any([conn.signal, shutdown]);
      },
    };
  }

  /** Closing right after writing loses what is in flight, so the peer may close first. */
  async #linger(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#deps.limits.lingerTimeoutMs);
    await Promise.race([promise, this.conn.closed]);
    clearTimeout(timer);
  }

  #failed(error: unknown): void {
    const peerLeft = error instanceof ConnectionClosedError && this.conn.signal.aborted;
    const served = this.conn.auth !== undefined;
    if (!served && !this.#timedOut) this.#deps.counters.handshakeFailed++;
    if (served && !peerLeft) this.#deps.counters.handlerFailed++;
    const event = peerLeft ? "connection.lost" : "handler.failed";
    this.#deps.report(served ? event : "handshake.failed", this, error);
    this.conn.close(served ? CloseCode.HandlerFailed : CloseCode.AuthRefused, "failed");
  }
}
