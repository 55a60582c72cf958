import type { Identity } from "@alknet/core";
import { NOBODY } from "@alknet/core";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import type { EventEnvelope } from "./mod.ts";
import { pause, rawLane, request, served, until } from "./testdata/support.ts";

const ALICE: Identity = { id: "alice", scopes: [], resources: {} };
const IDENTITIES = {
  ...NOBODY,
  fromToken: (token: string) => token === "alk_good" ? ALICE : undefined,
};

Deno.test("operationId counts with and without its slash", async () => {
  await using node = served();
  const lane = await rawLane(node.conn);
  for (const name of ["/test/echo", "test/echo"]) {
    await lane.send(request("1", name, { input: 7 }));
    deepStrictEqual(await lane.next(), answer("1", 7));
  }
});

Deno.test("a request without a name, or without anything, is NOT_FOUND", async () => {
  await using node = served();
  const lane = await rawLane(node.conn);
  for (const payload of [null, [], 3, {}, { operationId: 5 }]) {
    await lane.send({ type: "call.requested", id: "1", payload });
    strictEqual(codeOf(await lane.next()), "NOT_FOUND");
  }
});

Deno.test("call.aborted on any stream stops the handler and silences its request", async () => {
  await using node = served();
  const [lane, other] = [await rawLane(node.conn), await rawLane(node.conn)];
  await lane.send(request("1", "test/hang"));
  await until(() => node.ops.hanging === 1);
  await other.send({ type: "call.aborted", id: "1", payload: {} });
  await until(() => node.ops.hanging === 0);
  deepStrictEqual(node.ops.aborts, ["ABORTED"]);
  await lane.send(request("2", "test/echo", { input: 2 }));
  deepStrictEqual(await lane.next(), answer("2", 2));
});

Deno.test("unknown types and answers to nothing are ignored", async () => {
  await using node = served();
  const lane = await rawLane(node.conn);
  const types = ["call.later", "call.responded", "call.completed", "call.error", "call.credit"];
  await lane.send(...types.map((type) => ({ type, id: "zzz", payload: 1 })));
  await lane.send(request("1", "test/echo", { input: 1, later: true }));
  deepStrictEqual(await lane.next(), answer("1", 1));
});

for (const singleStream of [false, true]) {
  const where = singleStream ? "the connection of one stream" : "its stream only";
  Deno.test(`a malformed frame ends ${where}, with a code`, async () => {
    await using node = served({ singleStream });
    const neighbour = singleStream ? undefined : await rawLane(node.conn);
    const lane = await rawLane(node.conn);
    await lane.send(request("1", "test/hang"));
    await until(() => node.ops.hanging === 1);
    await lane.write(new Uint8Array([0, 0, 0, 0]));
    const event = await lane.next();
    deepStrictEqual([event?.id, codeOf(event)], ["", "PROTOCOL_ERROR"]);
    strictEqual(await lane.next(), undefined);
    strictEqual(node.ops.hanging, 0);
    await lane.stream.closeWrite();
    if (singleStream) return await node.accepted;
    await neighbour?.send(request("2", "test/echo", { input: 2 }));
    deepStrictEqual(await neighbour?.next(), answer("2", 2));
  });
}

Deno.test("half frames beyond maxBytes end their stream, and what they took is free again", async () => {
  await using node = served({}, { limits: { maxBytes: 10_000 } });
  const [one, two] = [await rawLane(node.conn), await rawLane(node.conn)];
  const half = new Uint8Array(100);
  new DataView(half.buffer).setUint32(0, 6_000);
  await one.write(half);
  await two.write(half);
  strictEqual(codeOf(await two.next()), "RESOURCE_EXHAUSTED");
  await one.write(new Uint8Array(6_000 - 96).fill(32)); // no JSON: the frame is over
  strictEqual(codeOf(await one.next()), "PROTOCOL_ERROR");
  const three = await rawLane(node.conn);
  await three.send(request("1", "test/echo", { input: "x".repeat(9_000) }));
  strictEqual((await three.next())?.type, "call.responded");
});

Deno.test("a request that names no time has the default, and none has more than the longest", async () => {
  await using node = served({}, { limits: { defaultTimeoutMs: 30, maxTimeoutMs: 60 } });
  const lane = await rawLane(node.conn);
  await lane.send(request("1", "test/hang"), request("2", "test/hang", { timeout_ms: 1e300 }));
  const ended = [await lane.next(), await lane.next()];
  deepStrictEqual(ended.map((each) => [each?.id, codeOf(each)]), [
    ["1", "TIMEOUT"],
    ["2", "TIMEOUT"],
  ]);
});

Deno.test("a stranger's frames are bounded lower than a peer's", async () => {
  for (const identity of [undefined, ALICE]) {
    await using node = served({ identity }, {
      limits: { maxAnonymousFrameBytes: 1_000, maxFrameBytes: 10_000 },
    });
    const lane = await rawLane(node.conn);
    await lane.send(request("1", "test/echo", { input: "x".repeat(2_000) }));
    strictEqual(codeOf(await lane.next()), identity ? undefined : "PROTOCOL_ERROR");
  }
});

Deno.test("a token speaks for its request alone, and a bad one does not fall back", async () => {
  const bob = { ...ALICE, id: "bob" };
  await using node = served({ identity: bob }, {}, { identities: IDENTITIES });
  const lane = await rawLane(node.conn);
  await lane.send(request("1", "test/who", { auth_token: "alk_good" }));
  deepStrictEqual(await lane.next(), answer("1", "alice"));
  await lane.send(request("2", "test/who"));
  deepStrictEqual(await lane.next(), answer("2", "bob"));
  for (const token of ["alk_bad", "", 5, {}]) {
    await lane.send(request("3", "test/who", { "auth_token": token }));
    strictEqual(codeOf(await lane.next()), "FORBIDDEN");
  }
});

Deno.test("a revoked token ends what runs in its name", async () => {
  let good = true;
  let changed = (): void => {};
  const identities = {
    ...IDENTITIES,
    fromToken: () => good ? ALICE : undefined,
    onChange(listener: () => void): () => void {
      changed = listener;
      return () => {};
    },
  };
  await using node = served({}, {}, { identities });
  const lane = await rawLane(node.conn);
  await lane.send(request("1", "test/hang", { auth_token: "alk_good" }));
  await until(() => node.ops.hanging === 1);
  good = false;
  changed();
  strictEqual(codeOf(await lane.next()), "FORBIDDEN");
  await until(() => node.ops.hanging === 0);
});

Deno.test("a peer that asks and asks and never reads is not read any more", async () => {
  await using node = served();
  const lane = await rawLane(node.conn);
  const many = Array.from({ length: 100 }, (_, index) => request(`${index}`, "/test/none"));
  let sent = 0;
  const flood = (async () => {
    for (; sent < 1_000_000; sent += many.length) await lane.send(...many);
  })();
  let before = -1;
  while (before !== sent) {
    before = sent;
    await pause(20);
  }
  ok(sent < 20_000, `${sent} requests were taken`);
  node.conn.close();
  await rejects(flood);
});

Deno.test("forwarded_for arrives as information; a malformed one as nothing", async () => {
  await using node = served();
  const lane = await rawLane(node.conn);
  const cases = [[ALICE, ALICE], [{ id: "x" }, null], ["x", null], [
    { ...ALICE, resources: { a: 1 } },
    null,
  ]];
  for (const [claim, output] of cases) {
    await lane.send(request("1", "test/forwarded", { "forwarded_for": claim }));
    deepStrictEqual(await lane.next(), answer("1", output));
    await lane.send(request("2", "test/who", { "forwarded_for": claim }));
    deepStrictEqual(await lane.next(), answer("2", null));
  }
});

function answer(id: string, output: unknown): EventEnvelope {
  return { type: "call.responded", id, payload: { output } };
}

function codeOf(event: EventEnvelope | undefined): unknown {
  return (event?.payload as { code?: unknown } | undefined)?.code;
}
