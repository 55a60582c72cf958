import { type BenchConn, clientFor } from "../core/clients.ts";
import { memoryOfEach } from "../core/measures/memory_of_each.ts";
import { figure, table } from "../core/table.ts";
import { treeBytes } from "../ssh/process_tree.ts";
import { startServer } from "./subjects.ts";

/** Memory of one kind of server. */
export interface WebSocketResult {
  readonly subject: "ours" | "deno";
  readonly bytesEach: number;
}

/** Memory that each of so many WebSockets takes that say nothing. */
export async function idleWebSockets(count: number): Promise<WebSocketResult[]> {
  const results: WebSocketResult[] = [];
  for (const subject of ["ours", "deno"] as const) {
    await using server = await startServer(subject);
    const client = clientFor("tls", server.reach, "http/1.1");
    const bytesEach = await memoryOfEach({
      rssBytes: () => treeBytes(server.pid),
      open: () => openSocket(() => client.connect()),
      close: (conn) => conn.close(),
    }, count);
    results.push({ subject, bytesEach });
  }
  return results;
}

/** Lays the results out. */
export function webSocketsTable(results: readonly WebSocketResult[]): string {
  const raw = results.find(({ subject }) => subject === "deno")?.bytesEach ?? NaN;
  const rows = results.map(({ subject, bytesEach }) => [
    subject,
    figure(bytesEach / 1_000),
    (bytesEach / raw).toFixed(2),
  ]);
  return table(["", "kB each", "to deno"], rows);
}

/** Connects and shakes hands (RFC 6455 section 4.1). */
async function openSocket(connect: () => Promise<BenchConn>): Promise<BenchConn> {
  const conn = await connect();
  const stream = await conn.open();
  const head = [
    "GET /socket HTTP/1.1",
    "host: localhost",
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  await stream.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
  const buffer = new Uint8Array(4_096);
  let answer = "";
  while (!answer.includes("\r\n\r\n")) {
    const read = await stream.read(buffer);
    if (read === null) throw new TypeError(`No WebSocket: ${answer}`);
    answer += new TextDecoder().decode(buffer.subarray(0, read));
  }
  if (!answer.startsWith("HTTP/1.1 101 ")) throw new TypeError(`No WebSocket: ${answer}`);
  return conn;
}
