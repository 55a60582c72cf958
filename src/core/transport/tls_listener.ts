import type { AddressInfo, Socket } from "node:net";
import * as tls from "node:tls";
import type { Leaf } from "../certificate.ts";
import type { Address } from "../connection.ts";
import { HandshakeTimeoutError, ListenError, NoAlpnError } from "../errors.ts";
import { certificateFingerprints } from "./peer_certificate.ts";
import { type RawTlsService, serveRaw } from "./raw_tls.ts";
import { readGate } from "./read_gate.ts";
import { plainAddress, TlsConnection } from "./tls_connection.ts";
import type { ListenerHooks } from "./transport.ts";

/** Settings of a TLS listener. */
export interface TlsLimits {
  /** Whether clients are asked for a certificate. */
  readonly clientCertificates: boolean;
  /** How long a client may take from its first packet to the end of the TLS handshake. */
  readonly handshakeTimeoutMs: number;
  /** Bytes read ahead of a handler, a connection. */
  readonly maxBufferedBytes: number;
  /** The certificate for a server name, where it is another than the listener's. Default: none. */
  readonly leafFor?: (serverName: string) => Leaf | undefined;
  /** Takes connections before their handshake. Default: nobody does. */
  readonly raw?: RawTlsService;
}

/** Silence after which the kernel asks whether the peer is still there. */
const KEEP_ALIVE_MS = 30_000;

/** One TCP port that takes TLS connections (RFC 8446), through node:tls. */
export class TlsListener {
  readonly #server: tls.Server;
  readonly #hooks: ListenerHooks;
  readonly #limits: TlsLimits;
  readonly #handshakes = new Map<string, Handshake>();
  readonly #sockets = new Set<Socket>();

  /** Prepares a listener with its first certificate and ALPN list. */
  constructor(leaf: Leaf, alpn: readonly string[], limits: TlsLimits, hooks: ListenerHooks) {
    this.#hooks = hooks;
    this.#limits = limits;
    this.#server = tls.createServer({
      cert: leaf.cert,
      key: leaf.key,
      ALPNProtocols: [...alpn],
      requestCert: limits.clientCertificates,
      rejectUnauthorized: false, // strangers may show any certificate: possession is still proven
      noDelay: true,
      allowHalfOpen: true,
      minVersion: "TLSv1.3",
      SNICallback: limits.leafFor && chooseBy(limits.leafFor),
    });
    const failed = (error: unknown): void => hooks.handshakeFailed(error);
    if (limits.raw) serveRaw(this.#server, limits.raw, failed);
    this.#server.prependListener("connection", (socket: Socket) => this.#handshakeBegins(socket));
    this.#server.on("secureConnection", (socket) => this.#handshakeDone(socket));
    this.#server.on("tlsClientError", (error, socket) => {
      if (!isOwnHangUp(error)) this.#hooks.handshakeFailed(error);
      socket.destroy();
    });
  }

  /**
   * Binds the port and accepts.
   *
   * @throws {ListenError} When the address cannot be bound.
   */
  async listen(addr: Address): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen({ host: addr.hostname, port: addr.port, backlog: 1024 }, resolve);
    try {
      await promise;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new ListenError(`Cannot listen on TCP ${addr.hostname}:${addr.port}: ${detail}`, {
        cause: error,
      });
    }
    this.#server.removeAllListeners("error");
    this.#server.on("error", (error) => this.#hooks.handshakeFailed(error));
  }

  /** The address it is bound to, with the port the system chose. */
  get addr(): Address {
    const bound: AddressInfo | string | null = this.#server.address();
    if (bound === null || typeof bound === "string") return { hostname: "", port: 0 };
    return { hostname: bound.address, port: bound.port };
  }

  /** Swaps certificate and ALPN list for the handshakes to come; connections live on. */
  configure(leaf: Leaf, alpn: readonly string[]): void {
    this.#server.setSecureContext({ cert: leaf.cert, key: leaf.key });
    setAlpn(this.#server, alpn);
  }

  /** Stops accepting; connections live on. */
  drain(): void {
    if (this.#server.listening) this.#server.close();
    for (const { socket } of this.#handshakes.values()) socket.destroy();
  }

  /** Destroys every connection that is left and frees the port. */
  close(): void {
    this.drain();
    for (const socket of this.#sockets) socket.destroy();
  }

  #handshakeBegins(socket: Socket): void {
    socket.on("error", () => {}); // reported as tlsClientError; without a listener it would throw
    const release = this.#hooks.admit(plainAddress(socket.remoteAddress));
    if (!release) return void socket.destroy();
    const key = peerKey(socket);
    const timer = setTimeout(() => {
      this.#hooks.handshakeFailed(new HandshakeTimeoutError("TLS handshake took too long"));
      socket.destroy();
    }, this.#limits.handshakeTimeoutMs);
    this.#handshakes.set(key, { socket, timer, release });
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#handshakeOver(key);
    });
  }

  #handshakeOver(key: string): void {
    const handshake = this.#handshakes.get(key);
    if (!handshake) return;
    this.#handshakes.delete(key);
    clearTimeout(handshake.timer);
    handshake.release();
  }

  #handshakeDone(socket: tls.TLSSocket): void {
    const raw = this.#handshakes.get(peerKey(socket))?.socket;
    this.#handshakeOver(peerKey(socket));
    if (!raw) return void socket.destroy();
    raw.setKeepAlive(true, KEEP_ALIVE_MS); // or a peer that lost power would stay for ever
    if (!socket.alpnProtocol) {
      this.#hooks.handshakeFailed(new NoAlpnError("Client offered no ALPN"));
      return void socket.end("ALPN required\r\n", () => socket.destroy());
    }
    this.#hooks.connected(
      new TlsConnection(socket, {
        alpn: socket.alpnProtocol,
        dialled: false,
        serverName: serverNameOf(socket),
        peerFingerprints: certificateFingerprints(socket),
        gate: readGate(raw),
        maxBufferedBytes: this.#limits.maxBufferedBytes,
      }),
    );
  }
}

type SniCallback = NonNullable<tls.TlsOptions["SNICallback"]>;

/** Asked anew in each handshake; making a context parses keys, so each certificate's is kept. */
function chooseBy(leafFor: NonNullable<TlsLimits["leafFor"]>): SniCallback {
  const contexts = new WeakMap<Leaf, tls.SecureContext>();
  const contextOf = (leaf: Leaf): tls.SecureContext => {
    const { cert, key } = leaf;
    const context = contexts.get(leaf) ?? tls.createSecureContext({ cert, key });
    contexts.set(leaf, context);
    return context;
  };
  return (serverName, done) => {
    try {
      const leaf = leafFor(serverName.toLowerCase());
      done(null, leaf && contextOf(leaf));
    } catch (error) {
      done(new ListenError("Cannot use the certificate of that name", { cause: error }));
    }
  };
}

/** What node:tls reports for a socket that was destroyed here, which is counted elsewhere. */
function isOwnHangUp(error: Error): boolean {
  return error.message === "socket hang up";
}

interface Handshake {
  readonly socket: Socket;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly release: () => void;
}

function peerKey(socket: Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}`;
}

/** node:tls has this function at run time (it is how a live server's list changes), not in its types. */
function setAlpn(server: tls.Server, alpn: readonly string[]): void {
  const { convertALPNProtocols } = tls as unknown as {
    convertALPNProtocols(list: string[], target: tls.Server): void;
  };
  convertALPNProtocols([...alpn], server);
}

function serverNameOf(socket: tls.TLSSocket): string | undefined {
  const name: unknown = Reflect.get(socket, "servername");
  return typeof name === "string" ? name : undefined;
}
