import { type Address, nodeServerName, trustAnchor } from "@alknet/core";
import { QuicConnection, type TransportConnection } from "@alknet/core/transport";
import type { Target, Trust } from "./target.ts";

/** Keeps a connection alive through NATs, and lets its loss be noticed within the idle timeout. */
const KEEP_ALIVE_MS = 8_000;
const IDLE_TIMEOUT_MS = 30_000;
/** Time for a QUIC handshake: what is not there by then is not there. */
const SILENCE_MS = 4_000;

/** What one attempt needs. */
export interface AttemptOptions {
  readonly target: Target;
  /** The IP address to try. */
  readonly addr: Address;
  /** The host name it came from. */
  readonly hostname: string;
  readonly alpn: string;
  readonly signal: AbortSignal;
}

/**
 * Dials over QUIC.
 *
 * @param options Where to and whom to trust.
 * @param shared Deno's endpoint to dial from. Default: one of its own, closed with the connection.
 */
export async function dialQuic(
  options: AttemptOptions,
  shared?: Deno.QuicEndpoint,
): Promise<TransportConnection> {
  const { addr } = options;
  const endpoint = shared ?? new Deno.QuicEndpoint({ hostname: anyAddressLike(addr), port: 0 });
  const close = (): void => shared ? undefined : endpoint.close({ closeCode: 0, reason: "" });
  try {
    const conn = new QuicConnection(await connectInTime(options, endpoint));
    conn.closed.then(close);
    return conn;
  } catch (error) {
    close();
    throw error;
  }
}

/** A dead UDP port answers nothing at all, so silence has to be an end of its own. */
async function connectInTime(
  { addr, alpn, target, hostname, signal }: AttemptOptions,
  endpoint: Deno.QuicEndpoint,
): Promise<Deno.QuicConn> {
  const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
  const aborted = (): void => giveUp(signal.reason);
  const timer = setTimeout(() => giveUp(new DOMException("", "TimeoutError")), SILENCE_MS);
  signal.addEventListener("abort", aborted);
  let connecting: Promise<Deno.QuicConn> | undefined;
  try {
    connecting = Promise.resolve(Deno.connectQuic({
      hostname: addr.hostname,
      port: addr.port,
      endpoint,
      alpnProtocols: [alpn],
      keepAliveInterval: KEEP_ALIVE_MS,
      maxIdleTimeout: IDLE_TIMEOUT_MS,
      ...quicTrust(target.trust, hostname),
    }));
    return await Promise.race([connecting, givenUp]);
  } catch (error) {
    connecting?.then((late) => late.close({ closeCode: 0, reason: "" }), () => {});
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", aborted);
  }
}

function quicTrust(
  trust: Trust,
  hostname: string,
): { serverName: string; caCerts?: string[]; serverCertificateHashes?: unknown } {
  switch (trust.kind) {
    case "node-id":
      return {
        serverName: nodeServerName(trust.publicKey),
        caCerts: [trustAnchor(trust.publicKey)],
      };
    case "leaf-hash":
      return {
        serverName: hostname,
        serverCertificateHashes: [{ algorithm: "sha-256", value: trust.sha256 }],
      };
    case "web-pki":
      return { serverName: hostname };
  }
}

function anyAddressLike({ hostname }: Address): string {
  return hostname.includes(":") ? "::" : "0.0.0.0";
}
