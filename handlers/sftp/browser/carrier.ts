import type { Stream } from "@alknet/core";
import { type Blame, duplexStream, webSocketConnection } from "@alknet/core/web";

/** What carries a session. */
export type Carrier = "webtransport" | "websocket";

/** Thrown where a node is not reached by any carrier. */
export class CarrierError extends Error {
  /** The class's name. */
  override readonly name = "CarrierError";
  /** Who has to act. */
  readonly blame: Blame = "remote";
}

/** A stream to a node's SFTP, and what ends the connection below it. */
export interface Carried {
  /** Which of the carriers. */
  readonly carrier: Carrier;
  /** The session's. */
  readonly stream: Stream;
  /** Ends the connection. */
  close(): void;
}

/** Where a node is and who asks. */
export interface CarrierOptions {
  /** The node's origin. */
  readonly node: string | URL;
  /** A bearer token of the node. */
  readonly token: string;
  /** Hashes of a certificate that browsers would not trust otherwise (WebTransport alone). */
  readonly certificateHashes?: readonly Uint8Array<ArrayBuffer>[] | undefined;
  readonly signal: AbortSignal;
}

const PATH = "/alknet/sftp";

/**
 * Opens a stream by one carrier. A ticket stands for the token, since neither has headers in a
 * browser (docs/protocol/webtransport.md).
 *
 * @throws {CarrierError} When the node is not reached, or refuses.
 */
export async function openCarrier(carrier: Carrier, options: CarrierOptions): Promise<Carried> {
  const url = new URL(PATH, options.node);
  url.searchParams.set("ticket", await ticketFor(options));
  return carrier === "webtransport"
    ? await overWebTransport(url, options)
    : await overWebSocket(url, options);
}

async function ticketFor({ node, token, signal }: CarrierOptions): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const request = { method: "POST", headers, signal };
  const response = await fetch(new URL("/alknet/ticket", node), request);
  const answer: unknown = response.status === 201 ? await response.json() : undefined;
  if (typeof answer === "object" && answer !== null && "ticket" in answer) {
    if (typeof answer.ticket === "string") return answer.ticket;
  }
  throw new CarrierError(`Cannot get a ticket: the node answered ${response.status}`);
}

async function overWebTransport(
  url: URL,
  { certificateHashes, signal }: CarrierOptions,
): Promise<Carried> {
  if (typeof WebTransport === "undefined") throw new CarrierError("WebTransport is not there");
  const session = new WebTransport(url.href, {
    serverCertificateHashes: certificateHashes?.map((value) => ({ algorithm: "sha-256", value })),
  });
  const close = (): void => session.close();
  session.closed.catch(() => {}); // its streams tell
  signal.addEventListener("abort", close);
  try {
    await session.ready;
    const stream = duplexStream(await session.createBidirectionalStream());
    signal.throwIfAborted();
    return { carrier: "webtransport", stream, close };
  } catch (cause) {
    signal.throwIfAborted();
    throw new CarrierError("Cannot reach the node over WebTransport", { cause });
  } finally {
    signal.removeEventListener("abort", close);
  }
}

async function overWebSocket(url: URL, { signal }: CarrierOptions): Promise<Carried> {
  const { host: hostname } = url;
  url.protocol = url.protocol.replace("http", "ws");
  const about = { alpn: "alknet/sftp", remoteAddr: { hostname, port: 0 }, dialled: true };
  const conn = webSocketConnection(new WebSocket(url), about);
  const close = (): void => conn.close();
  signal.addEventListener("abort", close);
  try {
    return { carrier: "websocket", stream: await conn.openStream(), close };
  } catch (cause) {
    signal.throwIfAborted();
    throw new CarrierError("Cannot reach the node over a WebSocket", { cause });
  } finally {
    signal.removeEventListener("abort", close);
  }
}
