import { ANYONE, operation, OperationRegistry } from "@alknet/operations";
import { memoryPair } from "@alknet/core/testing";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { callLimits } from "./limits.ts";
import { IdentityLoads, Load } from "./load.ts";
import { connectCall, type EventEnvelope } from "./mod.ts";
import { CallSession } from "./session.ts";
import { Operations, pause, RawLane, rawLane, request, served, until } from "./testdata/support.ts";

// The registry gives up on a handler at the deadline. Its request must go on counting all the same,
// or a peer starts any number of handlers that ignore their signal.
Deno.test("a registry's handler that ignores its signal keeps its place until it is done", async () => {
  const registry = new OperationRegistry();
  const release = Promise.withResolvers<void>();
  let running = 0;
  const deaf = async (): Promise<void> => {
    running++;
    await release.promise;
  };
  registry.register(operation({ name: "deaf", access: ANYONE, handler: deaf }));
  registry.register(
    operation({ name: "parent", access: ANYONE, handler: (_, { env }) => env.invoke("deaf", {}) }),
    { reaches: ["deaf"] },
  );
  registry.register(
    operation({
      name: "watch",
      type: "subscription",
      access: ANYONE,
      async *handler() {
        yield await deaf();
      },
    }),
  );
  await using node = served({}, { dispatcher: registry, limits: { maxRequests: 3 } });
  const client = connectCall(node.conn);
  const options = { timeoutMs: 1_000 }; // time for all three to begin, on a busy machine too
  await Promise.all([
    rejects(client.call("deaf", {}, options), { code: "TIMEOUT" }),
    rejects(client.call("parent", {}, options), { code: "TIMEOUT" }),
    rejects(client.subscribe("watch", {}, options).next(), { code: "TIMEOUT" }),
  ]);
  await rejects(client.call("deaf", {}, options), { code: "RESOURCE_EXHAUSTED" });
  strictEqual(running, 3);
  release.resolve();
  await pause(5);
  strictEqual(await client.call("deaf", {}), null);
});

// The error could not be encoded, so nothing was sent and the caller waited for its own timeout.
Deno.test("an error with details that JSON cannot hold is told without them", async () => {
  await using node = served();
  await rejects(connectCall(node.conn).call("test/unsendable-error"), { code: "INTERNAL" });
});

// Each held one of the 32 streams for ever: the next subscriptions went on the shared one.
Deno.test("a subscription whose input cannot be sent gives its stream back", async () => {
  const [here, there] = memoryPair();
  const client = connectCall(here);
  const ended: Promise<unknown>[] = [];
  const accepting = (async () => {
    for await (const stream of there.streams) {
      ended.push(new RawLane(stream).next().then(() => stream.closeWrite()).catch(() => {}));
    }
  })();
  for (let index = 0; index < 40; index++) {
    await rejects(client.subscribe("a", 1n).next(), { name: "CallWireError" });
  }
  await until(() => ended.length === 41);
  await Promise.all(ended.slice(1)); // each but the shared one has its end
  here.close();
  await Promise.all([accepting, ...ended]);
});

// Answers that were not read counted for nothing: 256 of any size, for each connection.
Deno.test("answers that a peer does not read count as its bytes", async () => {
  await using node = served({}, { limits: { maxBytes: 3_000_000 } });
  const lane = await rawLane(node.conn);
  for (let index = 0; index < 10; index++) {
    await lane.send(request(`${index}`, "test/big", { input: 1_000_000 }));
  }
  await until(() => node.ops.seen.length === 10);
  const codes: unknown[] = [];
  for (let index = 0; index < 10; index++) {
    const payload = (await lane.next())?.payload as { code?: string };
    codes.push(payload.code ?? "answered");
  }
  const answered = codes.filter((code) => code === "answered").length;
  ok(answered >= 1 && answered <= 3, `${answered} were answered`);
  strictEqual(codes.filter((code) => code === "RESOURCE_EXHAUSTED").length, 10 - answered);
  await lane.send(request("again", "test/big", { input: 2_900_000 }));
  strictEqual((await lane.next())?.type, "call.responded");
});

// Frames that were read before the connection was lost, and taken after, started handlers nobody
// would ever stop.
Deno.test("a request that is taken after the connection was lost does not begin", () => {
  const ops = new Operations();
  const limits = callLimits();
  const sent: EventEnvelope[] = [];
  const sink = {
    exclusive: false,
    send(envelope: EventEnvelope): Promise<number> {
      sent.push(envelope);
      return Promise.resolve(1);
    },
  };
  const session = new CallSession({
    dispatcher: ops,
    limits,
    load: new Load(limits, new IdentityLoads()),
    caller: { identity: () => undefined, fromToken: () => undefined, address: "::1" },
    roads: { shared: () => sink, own: () => Promise.resolve(sink) },
  });
  session.lost(new TypeError("Gone"));
  session.receive({ envelope: request("1", "test/hang"), bytes: 10 }, sink);
  strictEqual(ops.seen.length, 0);
});

Deno.test("a window in which nothing fits is refused at once", async () => {
  await using node = served();
  const client = connectCall(node.conn);
  for (const window of [{ windowItems: 0 }, { windowBytes: 0 }, { windowItems: NaN }]) {
    await rejects(client.subscribe("sub/count", {}, window).next(), RangeError);
  }
  strictEqual(client.pending, 0);
});

// Infinity is null in JSON, and null meant the answerer's default of 30 s.
Deno.test("a call that may take for ever says so in a number", async () => {
  await using node = served({}, { limits: { maxTimeoutMs: 90_000 } });
  await connectCall(node.conn).call("test/echo", 1, { timeoutMs: Infinity });
  const leftMs = (node.ops.seen[0]?.deadlineMs ?? 0) - Date.now();
  ok(leftMs > 60_000 && leftMs <= 90_000, `${leftMs} ms`);
});

// Neither JSON.parse nor what looks at the input may recurse.
Deno.test("an input nested 400,000 deep harms its own request only", async () => {
  await using node = served();
  const lane = await rawLane(node.conn);
  const deep = `${"[".repeat(400_000)}${"]".repeat(400_000)}`;
  const text = `{"type":"call.requested","id":"1","payload":{"operationId":"test/echo","input":` +
    `${deep}}}`;
  const body = new TextEncoder().encode(text);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, body.length);
  await lane.write(length, body);
  strictEqual((await lane.next())?.id, "1");
  await lane.send(request("2", "test/echo", { input: 2 }));
  strictEqual((await lane.next())?.id, "2");
});

Deno.test("strangers of one IPv6 network share their limit", () => {
  const limits = callLimits({ maxRequestsPerIdentity: 1 });
  const loads = new IdentityLoads();
  const ops = new Operations();
  const refused: string[] = [];
  const sessions: CallSession[] = [];
  for (const address of ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]) {
    const sink = {
      exclusive: false,
      send({ id, type }: EventEnvelope): Promise<number> {
        if (type === "call.error") refused.push(id);
        return Promise.resolve(1);
      },
    };
    const session = new CallSession({
      dispatcher: ops,
      limits,
      load: new Load(limits, loads),
      caller: { identity: () => undefined, fromToken: () => undefined, address },
      roads: { shared: () => sink, own: () => Promise.resolve(sink) },
    });
    session.receive({ envelope: request(address, "test/hang"), bytes: 10 }, sink);
    sessions.push(session);
  }
  deepStrictEqual(refused, ["2001:db8::2"]);
  for (const session of sessions) session.lost(new TypeError("Over"));
});
