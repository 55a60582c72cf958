import { type Connection, type Handler, type HandlerContext, NOBODY } from "@alknet/core";
import { memoryPair, type MemoryPairOptions } from "@alknet/core/testing";

import { call, type CallOptions } from "../mod.ts";
import { Operations } from "../testing/operations.ts";

export { Operations } from "../testing/operations.ts";
export { RawLane, rawLane, request } from "../testing/raw_lane.ts";
export { pause, until } from "../testing/waiting.ts";

/** A connection whose other end a handler serves. */
export interface Served extends AsyncDisposable {
  readonly conn: Connection;
  readonly ops: Operations;
  readonly accepted: Promise<void>;
  readonly shutdown: AbortController;
}

/** Serves one end of a memory connection with the handler, as an endpoint would. */
export function served(
  pair: MemoryPairOptions = {},
  options: Partial<CallOptions> = {},
  ctx: Partial<HandlerContext> = {},
): Served {
  const [conn, server] = memoryPair(pair);
  const ops = new Operations();
  const shutdown = new AbortController();
  shutdown.signal.addEventListener("abort", () => server.stopAccepting());
  const handler = call({ dispatcher: ops, ...options });
  const accepted = accept(handler, server, { signal: shutdown.signal, ...ctx });
  return {
    conn,
    ops,
    accepted,
    shutdown,
    async [Symbol.asyncDispose](): Promise<void> {
      conn.close();
      await accepted;
    },
  };
}

/** Runs a handler on the accepting end. */
export function accept(
  handler: Handler,
  conn: Connection,
  ctx: Partial<HandlerContext> = {},
): Promise<void> {
  const { alpn, remoteAddr } = conn;
  const auth = { identity: conn.identity, alpn, remoteAddr };
  return handler.accept(conn, { auth, identities: NOBODY, signal: conn.signal, ...ctx });
}
