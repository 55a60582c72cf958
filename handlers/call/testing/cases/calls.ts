import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { CallError, ref } from "../../mod.ts";
import type { CallComplianceCase } from "../compliance.ts";
import { Operations } from "../operations.ts";
import { until } from "../waiting.ts";
import { single } from "./case.ts";

/** Queries, mutations and batches. */
export const CALLS: readonly CallComplianceCase[] = [
  single("call() answers, fails with codes and leaks nothing", async ({ client }) => {
    deepStrictEqual(await client.call("test/echo", { a: [1, "ä"] }), { a: [1, "ä"] });
    strictEqual(await client.call("test/echo"), null);
    await rejects(client.call("test/none"), { name: "CallError", code: "NOT_FOUND" });
    await rejects(client.call("test/declared"), {
      code: "NO_ROOM",
      details: { floor: 3 },
      retryable: true,
    });
    const inside = await failureOf(client.call("test/throw"));
    strictEqual(inside.code, "INTERNAL");
    ok(!JSON.stringify(inside).includes("Secret") && !inside.message.includes("Secret"));
    ok(/correlationId/.test(JSON.stringify(inside.details)));
    await rejects(client.call("test/unsendable"), { code: "INTERNAL" });
    await rejects(client.call("test/echo", 1n), { name: "CallWireError", blame: "local" });
    strictEqual(client.pending, 0);
  }),
  single("200 calls at once and a batch come back in order", async ({ client }) => {
    const inputs = Array.from({ length: 200 }, (_, index) => index);
    deepStrictEqual(
      await Promise.all(inputs.map((input) => client.call("test/echo", input))),
      inputs,
    );
    const batch = await client.batch([
      { name: "test/echo", input: 1 },
      { name: "test/none" },
      { name: "test/echo", input: 3 },
    ]);
    deepStrictEqual(batch.map((each) => each.status), ["fulfilled", "rejected", "fulfilled"]);
  }),
  single("a batch feeds results into the calls that follow", async ({ client }) => {
    const results = await client.batch([
      { id: "a", name: "test/echo", input: { user: { id: 7 } } },
      { id: "b", name: "test/echo", input: { of: ref("a", "user", "id") } },
      { id: "c", name: "test/echo", input: [ref("b", "of"), ref("a")] },
    ]);
    deepStrictEqual(results[2], { status: "fulfilled", value: [7, { user: { id: 7 } }] });
  }),
  single("bulk on a stream of its own arrives whole", async ({ client }) => {
    const input = "x".repeat(700_000);
    strictEqual(await client.call("test/echo", input, { stream: "own" }), input);
  }),
  bothWays(),
  single("a handler that throws or hangs holds up no other request", async ({ client, ops }) => {
    const hanging = client.call("test/hang").catch((error) => error);
    await until(() => ops.hanging === 1);
    await rejects(client.call("test/throw"), { code: "INTERNAL" });
    strictEqual(await client.call("test/echo", 1), 1);
    await client[Symbol.asyncDispose]();
    await hanging;
  }),
];

function bothWays(): CallComplianceCase {
  const dialled = new Operations();
  return single("both sides call and subscribe at once", async ({ client, server, ops }) => {
    const up = Array.from({ length: 50 }, (_, index) => client.call("test/echo", index));
    const down = Array.from({ length: 50 }, (_, index) => server.call("test/echo", index));
    const items = Array.fromAsync(server.subscribe("sub/count", { count: 300 }));
    const others = Array.fromAsync(client.subscribe("sub/count", { count: 300 }));
    const expected = Array.from({ length: 50 }, (_, index) => index);
    deepStrictEqual(await Promise.all(up), expected);
    deepStrictEqual(await Promise.all(down), expected);
    strictEqual((await items).length + (await others).length, 600);
    ok(ops.seen.length === 51 && dialled.seen.length >= 51);
  }, { dialled });
}

async function failureOf(call: Promise<unknown>): Promise<CallError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
  throw new TypeError("Call did not fail");
}
