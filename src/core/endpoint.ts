import { getLogger } from "@logtape/logtape";
import { Admission } from "./admission.ts";
import type { Arrival, Arrived, Carriage } from "./carriage.ts";
import { CarriedSession } from "./carried_session.ts";
import { type CertificateSource, nodeCertificates } from "./certificate_source.ts";
import { CloseCode } from "./close_code.ts";
import type { Address } from "./connection.ts";
import { type ConnectionInfo, describe, type EndpointEvent, report } from "./connection_info.ts";
import type { Handler } from "./handler.ts";
import { type IdentityProvider, NOBODY } from "./identity.ts";
import { type Counters, DEFAULT_LIMITS, type Limits, zeroCounters } from "./limits.ts";
import { Listener, type ListenerInfo, type ListenOptions } from "./listener.ts";
import { formatNodeId, generateNodeKey, type NodeId, type NodeKey } from "./node_id.ts";
import { HandlerRegistry } from "./registry.ts";
import { Session, type SessionDeps } from "./session.ts";
import { Sessions } from "./sessions.ts";
import { observe } from "./telemetry.ts";
import type { Traffic, TransportConnection } from "./transport/transport.ts";

/** What {@linkcode serve} can be told. */
export interface ServeOptions {
  /** Protocols to serve, most wanted first. */
  readonly handlers: readonly Handler[];
  /** The node key. Default: a fresh one that dies with the process. */
  readonly key?: NodeKey;
  /** Address to bind. Default: `::`. Ignored where `listen` is given. */
  readonly hostname?: string;
  /** Port for UDP and TCP. Default: 0, any free one. Ignored where `listen` is given. */
  readonly port?: number;
  /** Several listeners, each with its own certificate. Default: one. */
  readonly listen?: readonly ListenOptions[];
  /** Names and addresses for the node's own certificates. Default: none. */
  readonly names?: readonly string[];
  /** Who peers are. Default: everybody is a stranger. */
  readonly identities?: IdentityProvider;
  /** Told of connections, refusals and revocations as they happen. Default: nobody is. */
  readonly onEvent?: (event: EndpointEvent) => void;
  /** Bounds that differ from {@linkcode DEFAULT_LIMITS}. */
  readonly limits?: Partial<Limits>;
}

const log = getLogger(["alknet", "endpoint"]);

/** A running node: listeners, handlers, connections. Made by {@linkcode serve}. */
export class Endpoint implements AsyncDisposable, Carriage {
  /** The node's id. */
  readonly nodeId: NodeId;
  /** The node's key. */
  readonly key: NodeKey;
  /** What happened so far. */
  readonly counters: Readonly<Counters>;
  readonly #counters: Counters;
  readonly #limits: Limits;
  readonly #identities: IdentityProvider;
  readonly #onEvent?: (event: EndpointEvent) => void;
  readonly #registry = new HandlerRegistry();
  readonly #admission: Admission;
  readonly #listeners: Listener[] = [];
  readonly #sessions = new Sessions();
  readonly #shutdown = new AbortController();
  readonly #deps: SessionDeps;
  readonly #release: (() => void)[] = [];
  #closing?: Promise<void>;

  private constructor(key: NodeKey, options: ServeOptions) {
    this.key = key;
    this.nodeId = formatNodeId(key.publicKey);
    this.counters = this.#counters = zeroCounters();
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#identities = options.identities ?? NOBODY;
    this.#onEvent = options.onEvent;
    this.#admission = new Admission(this.#limits, this.#counters);
    this.#deps = {
      limits: this.#limits,
      counters: this.#counters,
      admission: this.#admission,
      identities: this.#identities,
      shutdown: this.#shutdown.signal,
      report: (kind, about, error) => this.#report(kind, describe(about), error),
    };
    this.#registry.add(...options.handlers);
    this.#release.push(this.#identities.onChange(() => this.#sessions.reauthorize()));
    this.#release.push(observe(this.#counters));
  }

  /** See {@linkcode serve}. */
  static async start(options: ServeOptions): Promise<Endpoint> {
    const endpoint = new Endpoint(options.key ?? await generateNodeKey(), options);
    const { hostname, port } = options;
    try {
      for (const listen of options.listen ?? [{ hostname, port }]) {
        await endpoint.#listen(listen, options.names ?? []);
      }
      return endpoint;
    } catch (error) {
      await endpoint.close();
      throw error;
    }
  }

  /** The first listener's bound address. */
  get addr(): Address {
    return this.#listeners[0]?.addr ?? { hostname: "", port: 0 };
  }

  /** Every listener with its address, transports and certificate. */
  get listeners(): readonly ListenerInfo[] {
    return this.#listeners;
  }

  /** Deno's QUIC endpoint of the first listener, so that dialling can use the listening port. */
  get quicEndpoint(): Deno.QuicEndpoint | undefined {
    return this.#listeners[0]?.quicEndpoint;
  }

  /** The handlers, most wanted first. */
  get handlers(): readonly Handler[] {
    return this.#registry.handlers;
  }

  /** Open connections as of now, those that others carry included. */
  get connections(): ConnectionInfo[] {
    return this.#sessions.all.map(describe);
  }

  /** Bytes of all connections since the node started, open ones included. */
  get traffic(): Readonly<Traffic> {
    return this.#sessions.traffic;
  }

  /**
   * Adds a handler while the node runs; connections are not touched.
   *
   * @throws {AlpnConflictError} When one of its ALPNs is taken.
   */
  addHandler(handler: Handler): void {
    this.#registry.add(handler);
    this.#reconfigure();
  }

  /** Removes a handler by name while the node runs; its connections go on to their end. */
  removeHandler(name: string): boolean {
    const removed = this.#registry.remove(name) !== undefined;
    if (removed) this.#reconfigure();
    return removed;
  }

  /** As {@linkcode Carriage.handlerFor}. */
  handlerFor(alpn: string): Handler | undefined {
    return this.#registry.find(alpn);
  }

  /** As {@linkcode Carriage.take}. */
  take<T extends Arrived>(arrival: Arrival, accept: () => T): T | undefined {
    if (this.#shutdown.signal.aborted) return undefined;
    const peer = arrival.identity()?.id;
    const leave = this.#admission.carried(arrival.remoteAddr.hostname, peer);
    if (!leave) return void this.#turnedAway(arrival, peer);
    try {
      const arrived = accept();
      arrived.conn.closed.then(leave);
      this.#sessions.addCarried(new CarriedSession(arrival, arrived, this.#deps));
      return arrived;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /**
   * Shuts down: refuses newcomers, tells handlers, waits up to `drainTimeoutMs`, closes what is left
   * with code 5, then lets each handler release what it holds. Later calls wait for the first.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** As {@linkcode Endpoint.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #listen(options: ListenOptions, names: readonly string[]): Promise<void> {
    const certificates = options.certificates ?? await this.#ownCertificates(names);
    certificates.onError = (error) => log.error("certificate.failed", { error });
    this.#release.push(() => certificates[Symbol.dispose]());
    const listener = await Listener.open(options, {
      limits: this.#limits,
      nodeId: this.key.publicKey,
      certificates,
      named: options.named,
      quicCertificate: options.quicCertificate,
      alpn: this.#registry.alpn,
      admit: (addr) => this.#admission.handshake(addr),
      connected: (conn, from) => this.#connected(conn, from),
      handshakeFailed: (error) => this.#handshakeFailed(error),
    });
    this.#listeners.push(listener);
  }

  #ownCertificates(names: readonly string[]): Promise<CertificateSource> {
    return nodeCertificates(this.key, { names });
  }

  #reconfigure(): void {
    for (const listener of this.#listeners) listener.configure(this.#registry.alpn);
  }

  #connected(conn: TransportConnection, listener: Listener): void {
    const leave = this.#admission.connection(conn.remoteAddr.hostname);
    if (!leave) return conn.close(CloseCode.Limit, "too many connections");
    conn.closed.then(leave);
    const handler = this.#registry.find(conn.alpn);
    if (!handler) return conn.close(CloseCode.NoHandler, "no handler");
    this.#sessions.add(new Session(conn, handler, listener, this.#deps));
  }

  #turnedAway({ handler, alpn, transport, remoteAddr }: Arrival, peer: string | undefined): void {
    const about = { handler: handler.name, alpn, transport, remoteAddr, peer };
    const nothing = { openedAt: new Date(), bytesReceived: 0, bytesSent: 0 };
    this.#report("limit.carried", { ...about, ...nothing });
  }

  #report(kind: string, info: ConnectionInfo, error?: unknown): void {
    report(kind, info, error);
    this.#onEvent?.({ kind, ...info });
  }

  #handshakeFailed(error: unknown): void {
    if (error instanceof Error && error.name === "HandshakeTimeoutError") {
      this.#counters.handshakeTimeout++;
    } else this.#counters.handshakeFailed++;
    log.debug("handshake.failed", { error });
  }

  async #close(): Promise<void> {
    for (const listener of this.#listeners) listener.drain();
    this.#shutdown.abort();
    await this.#sessions.drain(this.#limits.drainTimeoutMs);
    for (const listener of this.#listeners) {
      listener.close(CloseCode.ShuttingDown, "shutting down");
    }
    for (const release of this.#release) release();
    await Promise.allSettled(this.handlers.map((handler) => handler.shutdown?.()));
  }
}

/**
 * Starts a node: every handler on one port number, QUIC on UDP and TLS on TCP, each connection
 * handed to the handler whose ALPN the TLS handshake chose (RFC 7301).
 *
 * @param options Handlers and everything else.
 * @returns The running endpoint; dispose of it to shut down.
 * @throws {AlpnConflictError} When two handlers claim one ALPN.
 * @throws {ListenError} When the port cannot be had.
 *
 * @example
 * ```ts
 * import { serve } from "@alknet/core";
 * import { ok } from "node:assert/strict";
 *
 * await using node = await serve({
 *   hostname: "127.0.0.1",
 *   handlers: [{ name: "hello", alpn: ["example/hello"], accept: async () => {} }],
 * });
 * ok(node.addr.port > 0);
 * ```
 */
export function serve(options: ServeOptions): Promise<Endpoint> {
  return Endpoint.start(options);
}
