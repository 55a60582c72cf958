import type { ServerBinding } from "./auth_wire.ts";
import type { CertificateSource } from "./certificate_source.ts";
import type { Leaf } from "./certificate.ts";
import type { Address } from "./connection.ts";
import { ListenError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import type { NamedCertificates } from "./named_certificates.ts";
import { QuicListener } from "./transport/quic_listener.ts";
import { TlsListener } from "./transport/tls_listener.ts";
import type { ListenerHooks, TransportConnection } from "./transport/transport.ts";

/** One address of an endpoint. */
export interface ListenOptions {
  /** Address to bind. Default: `::`, which takes IPv4 and IPv6. */
  readonly hostname?: string;
  /** Port, for UDP and TCP alike; 0 lets the system choose one free for both. Default: 0. */
  readonly port?: number;
  /** The certificate. Default: leaves issued under the node key. */
  readonly certificates?: CertificateSource;
  /** One more certificate, for TLS clients that ask for one of its names. Default: none. */
  readonly named?: NamedCertificates;
  /**
   * The certificate of QUIC, which cannot choose by name: with `"named"`, the named one as soon as
   * there is one, and then nobody dials this listener by key over QUIC. Default: `"own"`.
   */
  readonly quicCertificate?: "own" | "named";
  /**
   * Whether TLS clients are asked for a certificate as a proof of their key. Default: where the node
   * issues its own certificate only; on public ones a browser would ask its user for one.
   */
  readonly clientCertificates?: boolean;
  /** Transports to offer. Default: both. */
  readonly transports?: readonly ("quic" | "tls")[];
}

/** A listener as others may see it. */
export interface ListenerInfo {
  /** The bound address. */
  readonly addr: Address;
  /** Transports that are open. */
  readonly transports: readonly string[];
  /** The certificate handshakes get now. */
  readonly certificates: CertificateSource;
  /** The certificate for names of its own, where the listener has one. */
  readonly named?: NamedCertificates;
}

/** What a listener needs from the endpoint. */
export interface ListenerDeps {
  readonly limits: Limits;
  readonly nodeId: Uint8Array;
  readonly certificates: CertificateSource;
  readonly named?: NamedCertificates;
  readonly quicCertificate?: "own" | "named";
  readonly alpn: readonly string[];
  admit: ListenerHooks["admit"];
  connected(conn: TransportConnection, listener: Listener): void;
  handshakeFailed: ListenerHooks["handshakeFailed"];
}

const PORT_TRIES = 16;
/** Leaf hashes a proof may name, of each kind: the present leaf and the two before it. */
const REMEMBERED_LEAVES = 3;

/** One port number with QUIC on UDP and TLS on TCP behind one certificate, or two. */
export class Listener {
  readonly #deps: ListenerDeps;
  readonly #quic?: QuicListener;
  readonly #tls?: TlsListener;
  readonly #hashes: { own: Uint8Array[]; named: Uint8Array[] } = { own: [], named: [] };
  readonly #forget: () => void;
  #alpn: readonly string[];

  private constructor(deps: ListenerDeps, quic?: QuicListener, tls?: TlsListener) {
    this.#deps = deps;
    this.#quic = quic;
    this.#tls = tls;
    this.#alpn = deps.alpn;
    const changed = (): void => this.configure(this.#alpn);
    deps.certificates.onChange = changed;
    this.#forget = deps.named?.onChange(changed) ?? (() => {});
  }

  /**
   * Binds both sockets and starts to accept.
   *
   * @throws {ListenError} When a port is taken or not allowed, or QUIC is missing.
   */
  static async open(options: ListenOptions, deps: ListenerDeps): Promise<Listener> {
    const { hostname = "::", port = 0 } = options;
    for (let attempt = 1;; attempt++) {
      try {
        return await openOnce({ hostname, port }, options, deps);
      } catch (error) {
        if (port !== 0 || attempt >= PORT_TRIES || !(error instanceof ListenError)) throw error;
      }
    }
  }

  /** The bound address. */
  get addr(): Address {
    return this.#tls?.addr ?? this.#quic?.addr ?? { hostname: "", port: 0 };
  }

  /** Transports that are open. */
  get transports(): string[] {
    return [...(this.#quic ? ["quic"] : []), ...(this.#tls ? ["tls"] : [])];
  }

  /** Deno's endpoint, to dial from the listening port. */
  get quicEndpoint(): Deno.QuicEndpoint | undefined {
    return this.#quic?.endpoint;
  }

  /** The certificate handshakes get now. */
  get certificates(): CertificateSource {
    return this.#deps.certificates;
  }

  /** The certificate for names of its own, where there is one. */
  get named(): NamedCertificates | undefined {
    return this.#deps.named;
  }

  /** Takes up the present certificates and a new ALPN list. */
  configure(alpn: readonly string[]): void {
    const { certificates: { leaf }, named, quicCertificate } = this.#deps;
    this.#alpn = alpn;
    remember(leaf, this.#hashes.own);
    remember(named?.leaf, this.#hashes.named);
    this.#quic?.configure(quicCertificate === "named" ? named?.leaf ?? leaf : leaf, alpn);
    this.#tls?.configure(leaf, alpn);
  }

  /** The port of QUIC, where it shows the certificate that TLS shows for a name. */
  quicPortFor(serverName = ""): number | undefined {
    const { certificates: { leaf }, named, quicCertificate } = this.#deps;
    const overTls = serverName === "" ? leaf : named?.leafFor(serverName.toLowerCase()) ?? leaf;
    const overQuic = quicCertificate === "named" ? named?.leaf ?? leaf : leaf;
    const same = this.#quic !== undefined && equal(overTls.sha256, overQuic.sha256);
    return same ? this.addr.port : undefined;
  }

  /** Whether a proof was made for this listener (docs/protocol/auth.md, "Binding"). */
  matches({ kind, value }: ServerBinding): boolean {
    if (kind === "node-id") return equal(value, this.#deps.nodeId);
    const { own, named } = this.#hashes;
    if (kind === "leaf-hash") return [...own, ...named].some((hash) => equal(value, hash));
    const name = new TextDecoder().decode(value);
    const names = [...this.#deps.certificates.names, ...this.#deps.named?.names ?? []];
    return names.some((each) => nameCovers(each, name));
  }

  /** Stops accepting; connections live on. */
  drain(): void {
    this.#quic?.drain();
    this.#tls?.drain();
  }

  /** Closes what is left and frees the ports. */
  close(code: number, reason: string): void {
    this.#deps.certificates.onChange = undefined;
    this.#forget();
    this.#quic?.close(code, reason);
    this.#tls?.close();
  }

  static create(deps: ListenerDeps, quic?: QuicListener, tls?: TlsListener): Listener {
    return new Listener(deps, quic, tls);
  }
}

async function openOnce(
  addr: Address,
  options: ListenOptions,
  deps: ListenerDeps,
): Promise<Listener> {
  const { transports = ["quic", "tls"] } = options;
  const { clientCertificates = !options.certificates && !options.named } = options;
  let listener: Listener | undefined;
  const hooks: ListenerHooks = {
    admit: (from) => deps.admit(from),
    connected: (conn) => listener ? deps.connected(conn, listener) : conn.close(),
    handshakeFailed: (error) => deps.handshakeFailed(error),
  };
  const { limits, certificates: { leaf }, named, alpn } = deps;
  const leafFor = named && ((name: string) => named.leafFor(name));
  const forTls = { ...limits, clientCertificates, leafFor, raw: named?.raw };
  const tls = transports.includes("tls") ? new TlsListener(leaf, alpn, forTls, hooks) : undefined;
  await tls?.listen(addr);
  let quic: QuicListener | undefined;
  try {
    quic = transports.includes("quic")
      ? new QuicListener(tls ? { ...addr, port: tls.addr.port } : addr, limits, hooks)
      : undefined;
    listener = Listener.create(deps, quic, tls);
    listener.configure(alpn);
    return listener;
  } catch (error) {
    tls?.close();
    quic?.close(0, "");
    throw error;
  }
}

function remember(leaf: Leaf | undefined, hashes: Uint8Array[]): void {
  if (!leaf || hashes.some((hash) => equal(hash, leaf.sha256))) return;
  hashes.unshift(leaf.sha256);
  hashes.splice(REMEMBERED_LEAVES);
}

/** Whether a certificate's name stands for a host's: `*` for one whole label (RFC 9525 6.3). */
function nameCovers(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === name;
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
