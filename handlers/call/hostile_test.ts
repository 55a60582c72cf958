import { dial } from "@alknet/client";
import { type Connection, type Endpoint, serve } from "@alknet/core";
import fc from "fast-check";
import { strictEqual } from "node:assert/strict";

import { ALPN, call, connectCall, encodeFrame } from "./mod.ts";
import { Operations, pause, rawLane, request, served } from "./testdata/support.ts";

const FRAMES = 100_000;

/** Frames that were right once, with a byte or two changed, and bytes of no meaning. */
const HOSTILE: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 60 }),
  fc.tuple(
    fc.constantFrom(
      "call.requested",
      "call.aborted",
      "call.credit",
      "call.error",
      "call.responded",
    ),
    fc.string({ maxLength: 5 }),
    fc.jsonValue({ maxDepth: 2 }),
  ).map(([type, id, payload]) => encodeFrame({ type, id, payload })),
  fc.tuple(fc.nat(200), fc.nat(255), fc.constantFrom("/test/echo", "/sub/count", "/test/throw"))
    .map(([at, byte, name]) => {
      const frame = encodeFrame(request(`${at}`, name, { input: { count: byte } }));
      if (at < frame.length) frame[at] = byte;
      return frame;
    }),
);

Deno.test(`${FRAMES} random and mutated frames leave the handler serving`, async () => {
  await using node = served();
  node.ops.defaultCount = 100; // a count that mutated away must not run for ever
  const frames = fc.sample(HOSTILE, { numRuns: FRAMES, seed: 7 });
  for (let at = 0; at < frames.length; at += 10) {
    const lane = await rawLane(node.conn);
    const swallowed = lane.stream.readable.pipeTo(new WritableStream());
    await lane.write(...frames.slice(at, at + 10)).catch(() => {}); // the stream may be over
    lane.stream.closeWrite().catch(() => {});
    await swallowed.catch(() => {});
  }
  strictEqual(await connectCall(node.conn).call("test/echo", "alive"), "alive");
});

for (const transport of ["quic", "tls"] as const) {
  Deno.test(`connections of garbage leave the node serving, over ${transport}`, async () => {
    await using node = await serve({
      hostname: "127.0.0.1",
      handlers: [call({ dispatcher: new Operations() })],
    });
    for (const bytes of fc.sample(HOSTILE, { numRuns: 40, seed: 3 })) {
      await using conn = await dialed(node, transport);
      const lane = await rawLane(conn);
      await lane.write(bytes).catch(() => {});
      await pause(1);
    }
    await using conn = await dialed(node, transport);
    strictEqual(await connectCall(conn).call("test/echo", "alive"), "alive");
  });
}

function dialed(node: Endpoint, transport: "quic" | "tls"): Promise<Connection> {
  const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
  return dial(target, { alpn: ALPN, identity: "anonymous", transports: [transport] });
}
