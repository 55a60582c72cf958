import { memoryPair } from "@alknet/core/testing";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { type CallClient, connectCall, type EventEnvelope } from "./mod.ts";
import { pause, RawLane, rawLane, request, served, until } from "./testdata/support.ts";

/** A client whose peer is played by the test. */
interface Played extends AsyncDisposable {
  readonly client: CallClient;
  /** The next stream the client opened, and the first frame on it. */
  take(): Promise<[RawLane, EventEnvelope]>;
  /** A stream the played peer opens. */
  open(): Promise<RawLane>;
}

Deno.test("an answer that is no frame fails what was sent on its stream, and no more", async () => {
  await using peer = played();
  const call = peer.client.call("a");
  const [lane] = await peer.take();
  await lane.write(new Uint8Array([255, 255, 255, 255]));
  await rejects(call, { code: "PROTOCOL_ERROR" });
  strictEqual((await lane.next())?.id, "");
  const again = peer.client.call("b");
  const [fresh, { id }] = await peer.take();
  await fresh.send({ type: "call.responded", id, payload: { output: 1 } });
  strictEqual(await again, 1);
});

Deno.test("a malformed call.error is INTERNAL, and call.aborted is ABORTED", async () => {
  await using peer = played();
  const malformed = peer.client.call("a");
  const [lane, { id }] = await peer.take();
  await lane.send({ type: "call.error", id, payload: { code: 5 } });
  await rejects(malformed, { code: "INTERNAL", retryable: false });
  const aborted = peer.client.call("b");
  const next = await lane.next();
  await lane.send({ type: "call.aborted", id: next?.id ?? "", payload: {} });
  await rejects(aborted, { code: "ABORTED" });
});

Deno.test("a peer that ignores credit is held up on a stream of its own", async () => {
  await using peer = played();
  const items = peer.client.subscribe("a", null, { windowItems: 4 });
  const first = items.next();
  const subscribed = await peer.take();
  const [lane, { id }] = subscribed;
  let sent = 0;
  const sending = (async () => {
    for (; sent < 5_000; sent++) {
      await lane.send({ type: "call.responded", id, payload: { output: "x".repeat(1_000) } });
    }
  })();
  await first;
  await pause(20);
  ok(sent < 200, `${sent} items were taken without anybody wanting them`);
  for (let taken = 1; taken < 5_000; taken++) strictEqual((await items.next()).done, false);
  await sending;
  await lane.send({ type: "call.completed", id, payload: {} });
  strictEqual((await items.next()).done, true);
});

Deno.test("a peer that ignores credit on a shared stream loses the subscription", async () => {
  await using peer = played();
  const items = peer.client.subscribe("a", null, { windowItems: 4, stream: "shared" });
  const first = items.next();
  const [lane, { id }] = await peer.take();
  for (let index = 0; index < 20; index++) {
    await lane.send({ type: "call.responded", id, payload: { output: index } });
  }
  const got = [(await first).value];
  await rejects(async () => {
    for await (const item of items) got.push(item);
  }, { code: "RESOURCE_EXHAUSTED" });
  deepStrictEqual(got, got.map((_, index) => index));
  const told: (string | undefined)[] = [];
  while (!told.includes("call.aborted")) told.push((await lane.next())?.type);
});

Deno.test("a subscriber without credit is paced by its stream", async () => {
  await using node = served();
  const lane = await rawLane(node.conn);
  await lane.send(request("1", "sub/count", { input: { size: 1_000 } }));
  await until(() => node.ops.produced > 10);
  await pause(30);
  ok(node.ops.produced < 400, `${node.ops.produced} produced`);
});

function played(): Played {
  const [conn, peer] = memoryPair();
  const client = connectCall(conn);
  const arrived: [RawLane, EventEnvelope][] = [];
  const watch = async (lane: RawLane): Promise<void> => {
    const event = await lane.next().catch(() => undefined);
    if (event) arrived.push([lane, event]); // the shared stream of a subscription stays silent
  };
  const accepting = (async () => {
    for await (const stream of peer.streams) watch(new RawLane(stream));
  })();
  return {
    client,
    async take(): Promise<[RawLane, EventEnvelope]> {
      await until(() => arrived.length > 0);
      const [first] = arrived.splice(0, 1);
      if (first) return first;
      throw new RangeError("No further stream");
    },
    open: () => rawLane(peer),
    async [Symbol.asyncDispose](): Promise<void> {
      conn.close();
      await accepting;
    },
  };
}
