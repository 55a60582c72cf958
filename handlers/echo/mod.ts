/**
 * Sends back every byte it receives: the smallest handler there can be, and the example of
 * docs/handlers.md.
 *
 * ```ts
 * import { dial } from "@alknet/client";
 * import { serve } from "@alknet/core";
 * import { ALPN, echo } from "@alknet/echo";
 * import { strictEqual } from "node:assert/strict";
 *
 * await using node = await serve({ hostname: "127.0.0.1", handlers: [echo()] });
 * await using conn = await dial(`${node.nodeId}@127.0.0.1:${node.addr.port}`, { alpn: ALPN });
 * const stream = await conn.openStream();
 * await stream.write(new TextEncoder().encode("hello"));
 * await stream.closeWrite();
 * strictEqual(await new Response(stream.readable).text(), "hello");
 * ```
 *
 * @module
 */
import { forEachStream, type Handler, type PeerAuth } from "@alknet/core";

/** ALPN identifier of the echo protocol. */
export const ALPN = "alknet/echo";

/** What {@linkcode echo} can be told. */
export interface EchoOptions {
  /** Whether a peer key is asked for; clients have to know. Default: `"none"`. */
  readonly peerAuth?: PeerAuth;
}

/**
 * Makes the echo handler: on each stream it sends back what it reads, and ends its direction when
 * the peer has ended the other.
 *
 * @param options Who may use it.
 * @returns A handler to register on an endpoint.
 *
 * @example
 * ```ts
 * import { echo } from "@alknet/echo";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(echo().alpn, ["alknet/echo"]);
 * ```
 */
export function echo({ peerAuth = "none" }: EchoOptions = {}): Handler {
  return {
    name: "echo",
    alpn: [ALPN],
    peerAuth,
    accept: (conn) => forEachStream(conn, (stream) => stream.readable.pipeTo(stream.writable)),
  };
}
