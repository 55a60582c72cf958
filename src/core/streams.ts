import { getLogger } from "@logtape/logtape";
import type { Connection, ReceiveStream, Stream } from "./connection.ts";
import { ConnectionClosedError, ProtocolError } from "./errors.ts";
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

/**
 * Fills a whole buffer from a stream.
 *
 * @param stream Where from.
 * @param buffer Filled to its end.
 * @returns False when the stream ended before the first byte.
 * @throws {ProtocolError} When it ended after it.
 *
 * @example
 * ```ts
 * import { readFull } from "@alknet/core";
 * import { memoryPair } from "@alknet/core/testing";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const [client, server] = memoryPair();
 * const stream = await client.openStream();
 * await stream.write(new Uint8Array([1, 2, 3]));
 * for await (const incoming of server.streams) {
 *   const buffer = new Uint8Array(3);
 *   await readFull(incoming, buffer);
 *   deepStrictEqual(buffer, new Uint8Array([1, 2, 3]));
 *   break;
 * }
 * client.close();
 * ```
 */
export async function readFull(stream: ReceiveStream, buffer: Uint8Array): Promise<boolean> {
  for (let filled = 0; filled < buffer.length;) {
    const count = await stream.read(buffer.subarray(filled));
    if (count === null && filled === 0) return false;
    if (count === null) {
      throw new ProtocolError(`Stream ended after ${filled} of ${buffer.length} bytes`);
    }
    filled += count;
  }
  return true;
}
