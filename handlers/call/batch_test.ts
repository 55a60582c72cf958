import { NOBODY } from "@alknet/core";
import { ANYONE, operation, OperationRegistry } from "@alknet/operations";
import { memoryPair } from "@alknet/core/testing";
import fc from "fast-check";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { type CallLimits, connectCall, type EventEnvelope, ref } from "./mod.ts";
import { RawLane, rawLane, request, type Served, served, until } from "./testdata/support.ts";
import { taped } from "./testdata/tape.ts";

const ALICE = { id: "alice", scopes: ["users:read"], resources: {} };

/** Users, mail and what only Alice may do. */
function registry(): OperationRegistry {
  const operations = new OperationRegistry();
  operations.register([
    operation({ name: "user/find", access: ANYONE, handler: () => ({ ids: [7, 8] }) }),
    operation({
      name: "user/read",
      access: { requiredScopes: ["users:read"] },
      input: { type: "object", properties: { id: { type: "number" } }, required: ["id"] },
      handler: (input) => ({ mail: `${JSON.stringify(input)}@example` }),
    }),
    operation({ name: "mail/send", access: ANYONE, handler: (input) => ({ sent: input }) }),
    operation({ name: "mail/watch", type: "subscription", access: ANYONE, async *handler() {} }),
  ]);
  return operations;
}

Deno.test("three calls that depend on each other take one frame each way", async () => {
  await using node = served({ identity: ALICE }, { dispatcher: registry() });
  const frames: string[] = [];
  await using client = connectCall(taped(node.conn, frames));
  const [found, user, mail] = await client.batch([
    { id: "find", name: "user/find", input: {} },
    { id: "read", name: "user/read", input: { id: ref("find", "ids", 1) } },
    { id: "send", name: "mail/send", input: { to: ref("read", "mail") } },
  ]);
  deepStrictEqual(found, { status: "fulfilled", value: { ids: [7, 8] } });
  deepStrictEqual(user, { status: "fulfilled", value: { mail: '{"id":8}@example' } });
  deepStrictEqual(mail, { status: "fulfilled", value: { sent: { to: '{"id":8}@example' } } });
  deepStrictEqual(frames, ["> call.requested", "< call.responded"]);
});

Deno.test("each call of a batch is admitted on its own, and fails on its own", async () => {
  await using node = served({}, { dispatcher: registry() });
  const results = await connectCall(node.conn).batch([
    { id: "a", name: "user/find", input: {} },
    { id: "b", name: "user/read", input: { id: ref("a", "ids", 0) } },
    { id: "c", name: "mail/send", input: ref("b", "mail") },
    { id: "d", name: "mail/watch", input: {} },
    { id: "e", name: "nowhere" },
    { id: "f", name: "mail/send", input: { subject: "hi" } },
  ]);
  deepStrictEqual(results.map((each) => "reason" in each ? each.reason.code : each.value), [
    { ids: [7, 8] },
    "FORBIDDEN",
    "DEPENDENCY_FAILED",
    "INVALID_OPERATION_TYPE",
    "NOT_FOUND",
    { sent: { subject: "hi" } },
  ]);
});

Deno.test("a call of a batch that throws tells nothing of the inside and harms no other", async () => {
  await using node = served();
  const results = await connectCall(node.conn).batch([
    { id: "a", name: "test/throw" },
    { id: "b", name: "test/echo", input: 1 },
  ]);
  const [failed, fine] = results;
  ok(failed?.status === "rejected" && failed.reason.code === "INTERNAL");
  ok(!JSON.stringify(failed).includes("Secret"));
  deepStrictEqual(fine, { status: "fulfilled", value: 1 });
});

Deno.test("a batch keeps one deadline, and taking it back stops every call of it", async () => {
  await using node = served();
  const client = connectCall(node.conn);
  const calls = ["a", "b", "c"].map((id) => ({ id, name: "test/hang" }));
  await rejects(client.batch(calls, { timeoutMs: 500 }), { code: "TIMEOUT" });
  await until(() => node.ops.hanging === 0 && node.ops.aborts.length === 3);
  const controller = new AbortController();
  const batch = client.batch(calls, { signal: controller.signal });
  await until(() => node.ops.hanging === 3);
  controller.abort(new DOMException("enough", "AbortError"));
  await rejects(batch, { name: "AbortError" });
  await until(() => node.ops.hanging === 0);
  deepStrictEqual(node.ops.aborts.slice(3), ["ABORTED", "ABORTED", "ABORTED"]);
});

Deno.test("what a call of a batch waits for does not begin once the batch is taken back", async () => {
  await using node = served();
  const controller = new AbortController();
  const batch = connectCall(node.conn).batch([
    { id: "a", name: "test/hang" },
    { id: "b", name: "test/echo", input: ref("a") },
  ], { signal: controller.signal });
  await until(() => node.ops.hanging === 1);
  controller.abort();
  await rejects(batch);
  await until(() => node.ops.hanging === 0);
  strictEqual(node.ops.seen.length, 1);
});

Deno.test("token and forwarded_for hold for every call of a batch", async () => {
  const identities = {
    ...NOBODY,
    fromToken: (token: string) => token === "alk_good" ? ALICE : undefined,
  };
  await using node = served({}, {}, { identities });
  const client = connectCall(node.conn);
  const calls = [{ id: "a", name: "test/who" }, { id: "b", name: "test/forwarded" }];
  const options = { authToken: "alk_good", forwardedFor: { ...ALICE, id: "bob" } };
  const [who, whom] = await client.batch(calls, options);
  deepStrictEqual(who, { status: "fulfilled", value: "alice" });
  deepStrictEqual(whom, { status: "fulfilled", value: options.forwardedFor });
  await rejects(client.batch(calls, { authToken: "alk_bad" }), { code: "FORBIDDEN" });
});

// A batch that counted as one request would carry 64 times what the limit allows.
Deno.test("a batch weighs as many requests as it has calls", async () => {
  await using node = limited({ maxRequests: 100 });
  const client = connectCall(node.conn);
  const calls = Array.from({ length: 64 }, (_, index) => ({ id: `${index}`, name: "test/hang" }));
  const controller = new AbortController();
  const first = client.batch(calls, { signal: controller.signal });
  await until(() => node.ops.hanging === 64);
  await rejects(client.batch(calls), { code: "RESOURCE_EXHAUSTED", retryable: true });
  strictEqual(node.ops.hanging, 64);
  controller.abort();
  await rejects(first);
  await until(() => node.ops.hanging === 0);
  const echoes = calls.map(({ id }) => ({ id, name: "test/echo" }));
  strictEqual((await client.batch(echoes)).length, 64);
});

Deno.test("a batch over its limit of calls, or that could never fit, runs nothing", async () => {
  for (const limits of [{ maxBatchCalls: 2 }, { maxRequests: 2 }, { maxRequestsPerIdentity: 2 }]) {
    await using node = limited(limits);
    const calls = ["a", "b", "c"].map((id) => ({ id, name: "test/echo" }));
    const client = connectCall(node.conn);
    await rejects(client.batch(calls), { code: "INVALID_INPUT", retryable: false });
    strictEqual(node.ops.seen.length, 0);
    strictEqual((await client.batch(calls.slice(1))).length, 2);
  }
});

const BAD: Readonly<Record<string, readonly [member: unknown, code: string]>> = {
  "no list": [{}, "INVALID_INPUT"],
  "an empty list": [[], "INVALID_INPUT"],
  "a call without an id": [[{ operationId: "/test/echo" }], "INVALID_INPUT"],
  "an id that is too long": [[{ id: "x".repeat(257), operationId: "a" }], "INVALID_INPUT"],
  "an id twice": [[{ id: "a" }, { id: "a" }], "INVALID_INPUT"],
  "a reference to a later call": [[{ id: "a", input: ref("b") }, { id: "b" }], "INVALID_INPUT"],
};

for (const [what, [batch, code]] of Object.entries(BAD)) {
  Deno.test(`a batch of ${what} is refused before anything of it runs`, async () => {
    await using node = served();
    const lane = await rawLane(node.conn);
    await lane.send(request("1", undefined, { batch }));
    strictEqual(codeOf(await lane.next()), code);
    strictEqual(node.ops.seen.length, 0);
  });
}

Deno.test("a batch with an operation's name beside it, or subscribed to, is refused", async () => {
  await using node = served();
  const lane = await rawLane(node.conn);
  const batch = [{ id: "a", operationId: "/test/echo" }];
  await lane.send(request("1", "/test/echo", { batch }));
  strictEqual(codeOf(await lane.next()), "INVALID_INPUT");
  await lane.send(request("1", undefined, { batch, mode: "subscribe" }));
  strictEqual(codeOf(await lane.next()), "INVALID_OPERATION_TYPE");
  await lane.send(request("1", undefined, { batch }));
  deepStrictEqual((await lane.next())?.payload, {
    output: { results: [{ id: "a", output: null }] },
  });
});

Deno.test("whatever stands in batch, the answer is one frame and the stream goes on", async () => {
  await using node = served();
  const lane = await rawLane(node.conn);
  const input = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant(ref("a", "x")));
  const call = fc.record({
    id: fc.oneof(fc.constantFrom("a", "b", ""), fc.jsonValue({ maxDepth: 1 })),
    operationId: fc.oneof(fc.constantFrom("test/echo", "test/throw"), fc.jsonValue()),
    input,
  }, { requiredKeys: [] });
  const batch = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.array(call, { maxLength: 5 }));
  await fc.assert(fc.asyncProperty(batch, async (value) => {
    await lane.send(request("1", undefined, { batch: value }), request("2", "test/echo"));
    const ids = [(await lane.next())?.id, (await lane.next())?.id];
    deepStrictEqual(ids.sort(), ["1", "2"]);
  }));
});

Deno.test("a peer that knows no batches is told apart from one whose calls fail", async () => {
  await using node = served(); // the name of a batch is empty, as for a peer that looks for one
  const lane = await rawLane(node.conn);
  await lane.send(request("1", undefined, { later: [] }));
  strictEqual(codeOf(await lane.next()), "NOT_FOUND");
  const [here, there] = memoryPair();
  const client = connectCall(here);
  await using _serving = connectCall(there); // serves nothing
  const batch = client.batch([{ id: "a", name: "test/echo" }]);
  await rejects(batch, { code: "NOT_FOUND", message: /takes no batches/ });
  here.close();
});

Deno.test("an answer that is none to the batch is INTERNAL", async () => {
  for (const output of [null, {}, { results: [] }, { results: [{ id: "b", output: 1 }] }]) {
    const [here, there] = memoryPair();
    const batch = connectCall(here).batch([{ id: "a", name: "test/echo" }]);
    for await (const stream of there.streams) {
      const lane = new RawLane(stream);
      const id = (await lane.next())?.id ?? "";
      await lane.send({ type: "call.responded", id, payload: { output } });
      break;
    }
    await rejects(batch, { code: "INTERNAL" });
    here.close();
  }
});

Deno.test("batch() takes calls that all have ids, or none", async () => {
  await using node = served();
  const client = connectCall(node.conn);
  deepStrictEqual(await client.batch([]), []);
  const mixed = [{ id: "a", name: "test/echo" }, { name: "test/echo" }];
  await rejects(client.batch(mixed), TypeError);
});

function limited(limits: Partial<CallLimits>): Served {
  return served({}, { limits });
}

function codeOf(event: EventEnvelope | undefined): unknown {
  return (event?.payload as { code?: unknown } | undefined)?.code;
}
