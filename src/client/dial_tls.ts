import { createHash } from "node:crypto";
import { connect, isIP, type NetConnectOpts, type Socket } from "node:net";
import * as tls from "node:tls";
import { nodeServerName, trustAnchor } from "@alknet/core";
import { readGate, TlsConnection, type TransportConnection } from "@alknet/core/transport";
import type { AttemptOptions } from "./dial_quic.ts";
import type { Trust } from "./target.ts";

/** Thrown where TLS itself had nothing to say against the server, but the trust asked for has. */
class TrustError extends Error {
  /** The class's name. */
  override readonly name = "TrustError";
}

/** Silence after which the kernel asks whether the server is still there. */
const KEEP_ALIVE_MS = 30_000;
/** Bytes read ahead of a slow reader. */
const MAX_BUFFERED_BYTES = 262_144;

/** Dials over TLS on TCP. */
export async function dialTls(options: AttemptOptions): Promise<TransportConnection> {
  const { addr, alpn, target, hostname, signal } = options;
  const tcp: NetConnectOpts = { host: addr.hostname, port: addr.port, allowHalfOpen: true };
  const raw = connect({ ...tcp, noDelay: true });
  const socket = tls.connect(tlsOptions(raw, alpn, target.trust, hostname));
  try {
    await secured(raw, socket, signal);
    assertLeaf(socket, target.trust);
    if (socket.alpnProtocol !== alpn) throw new TrustError("No application protocol in common");
  } catch (error) {
    socket.destroy();
    raw.destroy();
    throw error;
  }
  raw.setKeepAlive(true, KEEP_ALIVE_MS); // or a server that lost power would never be missed
  const reading = { gate: readGate(raw), maxBufferedBytes: MAX_BUFFERED_BYTES };
  return new TlsConnection(socket, { alpn, dialled: true, ...reading });
}

function tlsOptions(
  socket: Socket,
  alpn: string,
  trust: Trust,
  hostname: string,
): tls.ConnectionOptions & { allowHalfOpen: boolean } {
  return {
    socket,
    ALPNProtocols: [alpn],
    minVersion: "TLSv1.3",
    allowHalfOpen: true,
    ...tlsTrust(trust, hostname),
  };
}

async function secured(raw: Socket, socket: tls.TLSSocket, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const aborted = (): void => reject(signal.reason);
  signal.addEventListener("abort", aborted);
  socket.once("secureConnect", resolve);
  socket.on("error", reject);
  raw.on("error", reject);
  socket.once("close", () => reject(new TrustError("Closed in the handshake")));
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", aborted);
  }
}

function tlsTrust(trust: Trust, hostname: string): tls.ConnectionOptions {
  const servername = isIP(hostname) ? "" : hostname;
  switch (trust.kind) {
    case "node-id":
      return { servername: nodeServerName(trust.publicKey), ca: [trustAnchor(trust.publicKey)] };
    case "leaf-hash":
      return { servername, rejectUnauthorized: false }; // assertLeaf() checks the pin instead
    case "web-pki":
      return { servername };
  }
}

function assertLeaf(socket: tls.TLSSocket, trust: Trust): void {
  if (trust.kind !== "leaf-hash") return;
  const raw: unknown = socket.getPeerCertificate(true)?.raw;
  const hash = raw instanceof Uint8Array ? createHash("sha256").update(raw).digest("hex") : "";
  if (hash !== trust.sha256.toHex()) {
    throw new TrustError("Certificate hash differs from the pinned one");
  }
}
