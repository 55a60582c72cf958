import {
  type Connection,
  forEachStream,
  type Handler,
  type HandlerContext,
  type PeerAuth,
  readFull,
  type Stream,
} from "@alknet/core";

import { encodeGreeting, PROBE_BYTES, whoamiOf } from "./ping_wire.ts";

/** ALPN identifier of the ping protocol. */
export const ALPN = "alknet/ping";

/** Asked of every client: strangers learn nothing from this handler. */
const PEER_AUTH: PeerAuth = "required";

/**
 * Makes the ping handler: it sends back every probe, and after the first one of a stream tells the
 * client who it is here (docs/protocol/ping.md). Only peers this node knows get that far.
 *
 * @returns A handler to register on an endpoint.
 *
 * @example
 * ```ts
 * import { ping } from "@alknet/ping";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(ping().peerAuth, "required");
 * ```
 */
export function ping(): Handler {
  const accept: Handler["accept"] = (conn, { auth }) =>
    forEachStream(conn, (stream) => answer(stream, () => greetingFor(conn, auth)));
  return { name: "ping", alpn: [ALPN], peerAuth: PEER_AUTH, accept };
}

async function answer(stream: Stream, greeting: () => Uint8Array): Promise<void> {
  const probe = new Uint8Array(PROBE_BYTES);
  for (let first = true; await readFull(stream, probe); first = false) {
    await stream.write(first ? concat(probe, greeting()) : probe);
  }
  await stream.closeWrite();
}

function greetingFor(conn: Connection, auth: HandlerContext["auth"]): Uint8Array {
  return encodeGreeting(whoamiOf(auth.identity, auth.fingerprint, conn));
}

/** One write, so that both parts leave in one packet. */
function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
