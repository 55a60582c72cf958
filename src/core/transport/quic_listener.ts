import type { Leaf } from "../certificate.ts";
import { CloseCode } from "../close_code.ts";
import type { Address } from "../connection.ts";
import { ConnectionClosedError, HandshakeTimeoutError, ListenError } from "../errors.ts";
import { QuicConnection } from "./quic_connection.ts";
import type { ListenerHooks } from "./transport.ts";

/** Settings of a QUIC listener that a new certificate or ALPN list does not touch. */
export interface QuicLimits {
  /** Streams a peer may have open at once, of each kind. */
  readonly maxStreams: number;
  /** Silence after which a connection is given up (RFC 9000 section 10.1), in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Time for a handshake whose first packet does not tell the ALPN, in milliseconds. */
  readonly handshakeTimeoutMs: number;
}

/**
 * One UDP port that takes QUIC connections.
 *
 * Certificates and ALPN lists change by listening again on the same endpoint; old listeners are
 * never stopped and stay referenced, because Deno 2.9 panics on the former and goes deaf when the
 * latter are collected (docs/adr/0006).
 */
export class QuicListener {
  readonly #endpoint: Deno.QuicEndpoint;
  readonly #listeners: Deno.QuicListener[] = [];
  readonly #hooks: ListenerHooks;
  readonly #limits: QuicLimits;
  #draining = false;

  /**
   * Binds the port; nothing is accepted before the first {@linkcode configure}.
   *
   * @throws {ListenError} When the address cannot be bound or this Deno has no QUIC.
   */
  constructor(addr: Address, limits: QuicLimits, hooks: ListenerHooks) {
    this.#hooks = hooks;
    this.#limits = limits;
    this.#endpoint = bind(addr);
  }

  /** The address it is bound to, with the port the system chose. */
  get addr(): Address {
    const { hostname, port } = this.#endpoint.addr;
    return { hostname, port };
  }

  /** Deno's endpoint, to dial from the same port. */
  get endpoint(): Deno.QuicEndpoint {
    return this.#endpoint;
  }

  /** Swaps certificate and ALPN list for the handshakes to come; connections live on. */
  configure(leaf: Leaf, alpn: readonly string[]): void {
    const listener = this.#endpoint.listen({
      cert: leaf.cert,
      key: leaf.key,
      alpnProtocols: [...alpn],
      maxConcurrentBidirectionalStreams: this.#limits.maxStreams,
      maxConcurrentUnidirectionalStreams: this.#limits.maxStreams,
      maxIdleTimeout: this.#limits.idleTimeoutMs,
    });
    this.#listeners.push(listener);
    this.#acceptAll(listener);
  }

  /** Refuses newcomers at once; connections live on. */
  drain(): void {
    this.#draining = true;
  }

  /** Closes every connection with the code and frees the port. */
  close(code: number, reason: string): void {
    this.#draining = true;
    this.#endpoint.close({ closeCode: code, reason });
  }

  async #acceptAll(listener: Deno.QuicListener): Promise<void> {
    try {
      for await (const incoming of listener) this.#accept(incoming);
    } catch (error) {
      if (!this.#draining) this.#hooks.handshakeFailed(error);
    }
  }

  #accept(incoming: Deno.QuicIncoming): void {
    const release = this.#draining ? undefined : this.#hooks.admit();
    if (!release) return incoming.refuse();
    try {
      // Only accepting early shows the peer's address and can be cut short by a timer.
      const conn = incoming.accept({ zeroRtt: true });
      if (conn.protocol === null) this.#acceptLater(conn, release);
      else this.#connected(conn, release);
    } catch (error) {
      release();
      this.#hooks.handshakeFailed(error); // no ALPN in common, or a broken first flight
    }
  }

  #connected(accepted: Deno.QuicConn, release: () => void): void {
    const conn = new QuicConnection(accepted);
    conn.handshake.then(release, release);
    this.#hooks.connected(conn);
  }

  /**
   * Browsers send post-quantum keys, for which a ClientHello takes several packets: which ALPN they
   * chose shows when the last of them is here.
   */
  async #acceptLater(conn: Deno.QuicConn, release: () => void): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      reject(new HandshakeTimeoutError("No complete handshake in time"));
      conn.close({ closeCode: CloseCode.Timeout, reason: "handshake took too long" });
    }, this.#limits.handshakeTimeoutMs);
    try {
      await Promise.race([conn.handshake, closedEarly(conn), late]);
      this.#connected(conn, release);
    } catch (error) {
      release();
      this.#hooks.handshakeFailed(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** `handshake` stays pending when the connection ends before it is done. */
async function closedEarly(conn: Deno.QuicConn): Promise<never> {
  const { reason } = await conn.closed;
  throw new ConnectionClosedError({ code: CloseCode.HandlerFailed, reason });
}

function bind(addr: Address): Deno.QuicEndpoint {
  if (typeof Deno.QuicEndpoint === "undefined") {
    throw new ListenError("Cannot listen for QUIC: run Deno with --unstable-net");
  }
  try {
    return new Deno.QuicEndpoint(addr);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ListenError(`Cannot listen on UDP ${addr.hostname}:${addr.port}: ${detail}`, {
      cause: error,
    });
  }
}
