/**
 * The server of the HTTP/3 benches, as a process of its own: prints its port and id as JSON. The
 * same node speaks `h3`, and on `bench/raw` the same work on bare streams.
 */
import { forEachStream, serve, type Stream } from "@alknet/core";
import { type H3Info, serveH3 } from "@alknet/h3";

const HUNDRED = new Uint8Array(100).fill(120);
const PIECE = new Uint8Array(65_536);

const node = await serve({
  hostname: "127.0.0.1",
  names: ["localhost"],
  limits: { maxStreams: 256 },
  handlers: [
    {
      name: "h3",
      alpn: ["h3"],
      accept: (conn, { signal }) => serveH3(conn, answer, { signal, limits: { maxRequests: 512 } }),
    },
    { name: "raw", alpn: ["bench/raw"], accept: (conn) => forEachStream(conn, serveStream) },
  ],
});
const ready = JSON.stringify({ port: node.addr.port, id: node.nodeId });
await Deno.stdout.write(new TextEncoder().encode(`${ready}\n`));

function answer(request: Request, info: H3Info): Response {
  if (info.protocol) return upgrade(info);
  const bytes = Number(new URL(request.url).pathname.slice(1));
  return new Response(bytes === 100 ? HUNDRED : pieces(bytes), {
    headers: { "content-type": "application/octet-stream" },
  });
}

/** The same pieces as {@linkcode serveStream} sends. */
function pieces(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream({
    pull(controller): void {
      controller.enqueue(left < PIECE.length ? PIECE.subarray(0, left) : PIECE);
      left -= PIECE.length;
      if (left <= 0) controller.close();
    },
  });
}

function upgrade(info: H3Info): Response {
  const { response, session } = info.upgradeWebTransport();
  (async () => {
    for await (const stream of session.streams) serveStream(stream).catch(() => stream.reset());
  })();
  return response;
}

/** Reads how many bytes are wanted as text, to the end of the direction, and sends them. */
async function serveStream(stream: Stream): Promise<void> {
  let wanted = "";
  const buffer = new Uint8Array(1_024);
  for (let count = await stream.read(buffer); count !== null; count = await stream.read(buffer)) {
    wanted += new TextDecoder().decode(buffer.subarray(0, count));
  }
  for (let left = parseInt(wanted); left > 0; left -= PIECE.length) {
    await stream.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE);
  }
  await stream.closeWrite();
}
