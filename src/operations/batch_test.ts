import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import fc from "fast-check";

import { ANYONE } from "./access.ts";
import { type BatchItem, type BatchResult, runBatch } from "./batch.ts";
import type { CallRequest } from "./context.ts";
import { operation } from "./operation.ts";
import { OperationRegistry } from "./operation_registry.ts";

function wire(): CallRequest {
  return { requestId: "batch", signal: new AbortController().signal, origin: "wire" };
}

function registryOf(calls: string[] = []): OperationRegistry {
  const registry = new OperationRegistry();
  registry.register([
    operation({
      name: "echo",
      access: ANYONE,
      handler: (input) => {
        calls.push("echo");
        return input;
      },
    }),
    operation({ name: "fail", access: ANYONE, errors: { GONE: {} }, handler: () => fail() }),
    operation({ name: "secret", access: { requiredScopes: ["a:r"] }, handler: () => 1 }),
    operation({ name: "number", input: { type: "number" }, access: ANYONE, handler: (n) => n }),
  ]);
  return registry;
}

function fail(): never {
  throw new TypeError("No");
}

function brief(result: BatchResult | undefined): unknown {
  return result && "error" in result ? result.error.code : result?.output;
}

Deno.test("runBatch() feeds results into later calls, three deep", async () => {
  const results = await runBatch(registryOf(), [
    { id: "a", operation: "echo", input: { user: { id: 7, tags: ["x", "y"] } } },
    { id: "b", operation: "echo", input: { id: { $ref: "#/a/user/id" } } },
    { id: "c", operation: "echo", input: [{ $ref: "#/b/id" }, { $ref: "#/a/user/tags/1" }] },
  ], wire());
  deepStrictEqual(results[2], { id: "c", output: [7, "y"] });
});

Deno.test("runBatch() takes a whole result, escaped keys, and literals", async () => {
  const results = await runBatch(registryOf(), [
    { id: "a/1", operation: "echo", input: { "x/y~z": 1 } },
    { id: "b", operation: "echo", input: { $ref: "#/a~11/x~1y~0z" } },
    { id: "c", operation: "echo", input: { $ref: "#/a~11" } },
    { id: "d", operation: "echo", input: { $literal: { $ref: "#/components/x" } } },
  ], wire());
  deepStrictEqual(results.map(brief).slice(1), [1, { "x/y~z": 1 }, { $ref: "#/components/x" }]);
});

Deno.test("runBatch() refuses a bad batch before anything of it ran", async () => {
  const echo = (id: string, input?: unknown): BatchItem => ({ id, operation: "echo", input });
  const deep = (depth: number): unknown => depth === 0 ? 1 : [deep(depth - 1)];
  const chain = Array.from(
    { length: 17 },
    (_, n) => echo(`i${n}`, n === 0 ? 1 : { $ref: `#/i${n - 1}` }),
  );
  const bad: Record<string, BatchItem[]> = {
    "itself": [echo("x"), echo("a", { $ref: "#/a" })],
    "forward": [echo("a", { $ref: "#/b" }), echo("b")],
    "a cycle": [echo("a", { $ref: "#/b" }), echo("b", { $ref: "#/a" })],
    "unknown": [echo("x"), echo("a", { $ref: "#/zzz" })],
    "twice": [echo("a"), echo("a")],
    "malformed": [echo("x"), echo("a", { $ref: "x" })],
    "no text": [echo("x"), echo("a", { $ref: 1 })],
    "too many": Array.from({ length: 65 }, (_, n) => echo(`i${n}`)),
    "too deep": [echo("a", deep(70))],
    "too long a chain": chain,
  };
  for (const [name, items] of Object.entries(bad)) {
    const calls: string[] = [];
    await rejects(runBatch(registryOf(calls), items, wire()), { code: "INVALID_INPUT" }, name);
    deepStrictEqual(calls, [], name);
  }
});

Deno.test("runBatch() admits each call on its own", async () => {
  const results = await runBatch(registryOf(), [
    { id: "a", operation: "secret" },
    { id: "b", operation: "echo", input: 1 },
    { id: "c", operation: "number", input: { $ref: "#/b" } },
    { id: "d", operation: "number", input: [{ $ref: "#/b" }] },
    { id: "e", operation: "none" },
  ], wire());
  deepStrictEqual(results.map(brief), ["FORBIDDEN", 1, 1, "INVALID_INPUT", "NOT_FOUND"]);
});

Deno.test("runBatch() tells which call a failed one waited for", async () => {
  const results = await runBatch(
    registryOf(),
    [
      { id: "a", operation: "fail" },
      { id: "b", operation: "echo", input: { $ref: "#/a/x" } },
      { id: "c", operation: "echo", input: { $ref: "#/b" } },
      { id: "d", operation: "echo", input: { $ref: "#/e" } },
    ].slice(0, 3),
    wire(),
  );
  deepStrictEqual(results.map(brief), ["INTERNAL", "DEPENDENCY_FAILED", "DEPENDENCY_FAILED"]);
  const [, b] = results;
  deepStrictEqual(b && "error" in b && b.error.details, { id: "a", code: "INTERNAL" });
});

Deno.test("runBatch() says INVALID_INPUT for a field that the result does not have", async () => {
  const results = await runBatch(registryOf(), [
    { id: "a", operation: "echo", input: {} },
    { id: "b", operation: "echo", input: { $ref: "#/a/constructor" } },
  ], wire());
  strictEqual(brief(results[1]), "INVALID_INPUT");
});

// Each call doubles the one before: 2^15 values, and with a wider fan any number.
Deno.test("runBatch() does not let results grow beyond the limits of an input", async () => {
  const ref = (n: number): unknown => ({ $ref: `#/i${n}` });
  const items = Array.from({ length: 12 }, (_, n) => ({
    id: `i${n}`,
    operation: "echo",
    input: n === 0 ? 1 : Array.from({ length: 8 }, () => ref(n - 1)),
  }));
  const results = await runBatch(registryOf(), items, wire());
  strictEqual(brief(results.find((result) => "error" in result)), "INVALID_INPUT");
});

Deno.test("runBatch() leaves inputs without references as they are", async () => {
  const plain = fc.jsonValue().filter((value) => !/"\$(ref|literal)"/.test(JSON.stringify(value)));
  await fc.assert(fc.asyncProperty(plain, async (input) => {
    const [result] = await runBatch(registryOf(), [{ id: "a", operation: "echo", input }], wire());
    strictEqual(JSON.stringify(brief(result)), JSON.stringify(input));
  }));
});
