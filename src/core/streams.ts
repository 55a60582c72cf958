import { getLogger } from "@logtape/logtape";
import type { Connection, Stream } from "./connection.ts";
import { ConnectionClosedError } from "./errors.ts";
import { inSpan } from "./telemetry.ts";

const log = getLogger(["alknet", "streams"]);

/**
 * Serves every stream the peer opens, each as a task of its own: one that fails is reset and
 * logged, the others and the connection go on.
 *
 * @param conn The connection.
 * @param serveStream Serves one stream to its end.
 * @returns Resolves when the connection brings no further streams and all tasks are done.
 *
 * @example
 * ```ts
 * import { forEachStream } from "@alknet/core";
 * import type { Handler } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * const hello: Handler = {
 *   name: "hello",
 *   alpn: ["example/hello"],
 *   accept: (conn) =>
 *     forEachStream(conn, async (stream) => {
 *       await stream.write(new TextEncoder().encode("hello\n"));
 *       await stream.closeWrite();
 *     }),
 * };
 * strictEqual(hello.name, "hello");
 * ```
 */
export async function forEachStream(
  conn: Connection,
  serveStream: (stream: Stream) => Promise<void>,
): Promise<void> {
  const tasks = new Set<Promise<void>>();
  for await (const stream of conn.streams) {
    const task = serveOne(conn, stream, serveStream);
    tasks.add(task);
    task.then(() => tasks.delete(task));
  }
  await Promise.all(tasks);
}

async function serveOne(
  conn: Connection,
  stream: Stream,
  serveStream: (stream: Stream) => Promise<void>,
): Promise<void> {
  try {
    await inSpan(`${conn.alpn} stream`, () => serveStream(stream));
  } catch (error) {
    stream.reset();
    if (error instanceof ConnectionClosedError) return;
    log.warn("stream.failed", { alpn: conn.alpn, peer: conn.identity?.id, error });
  }
}
