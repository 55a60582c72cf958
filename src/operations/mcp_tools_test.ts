import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import fc from "fast-check";

import { ANYONE } from "./access.ts";
import { mcpToolName, operationOfTool } from "./mcp_tool_name.ts";
import { inputOfTool, mcpTools, structuredOutput } from "./mcp_tools.ts";
import { operation } from "./operation.ts";

Deno.test("every name of an operation has a tool's name that leads back to it", () => {
  const segment = fc.string({
    unit: fc.constantFrom(..."ab0_-."),
    minLength: 1,
    maxLength: 6,
  });
  const names = fc.array(segment, { minLength: 1, maxLength: 4 }).map((all) => all.join("/"));
  fc.assert(
    fc.property(names, (name) => {
      match(mcpToolName(name), /^[A-Za-z0-9_-]+$/);
      strictEqual(operationOfTool(mcpToolName(name)), name);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("two operations never share a tool's name", () => {
  const names = ["a/b", "a-b", "a_b", "a.b", "a_-b", "a__b", "a/_b", "a_/b", "a_0b", "a_.b"];
  strictEqual(new Set(names.map(mcpToolName)).size, names.length);
});

const object = { type: "object", properties: { path: { type: "string" } } } as const;

Deno.test("subscriptions and names that are too long are no tools", () => {
  const stream = operation({
    name: "a/stream",
    type: "subscription",
    access: ANYONE,
    async *handler() {},
  });
  const long = operation({ name: "x".repeat(129), access: ANYONE, handler: () => 1 });
  deepStrictEqual(mcpTools([stream.spec, long.spec]), []);
});

Deno.test("schemas of objects stay, others are wrapped with their references", () => {
  const list = {
    type: "array",
    items: { $ref: "#/$defs/item" },
    $defs: { item: { type: "string" } },
  };
  const { spec } = operation({
    name: "fs/list",
    type: "query",
    input: object,
    output: list,
    access: ANYONE,
    handler: () => [],
  });
  const [tool] = mcpTools([spec]);
  deepStrictEqual(tool?.inputSchema, object);
  deepStrictEqual(tool?.outputSchema, {
    type: "object",
    properties: {
      output: {
        type: "array",
        items: { $ref: "#/properties/output/$defs/item" },
        $defs: { item: { type: "string" } },
      },
    },
    required: ["output"],
  });
  deepStrictEqual(tool?.annotations, {
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
  });
  deepStrictEqual(inputOfTool(spec, { path: "/" }), { path: "/" });
  deepStrictEqual(structuredOutput(spec, ["a"]), { output: ["a"] });
});

Deno.test("wrapped inputs are unwrapped, and nothing that an object inherits is an input", () => {
  const { spec } = operation({
    name: "text/length",
    input: { type: "string" },
    access: ANYONE,
    handler: () => 1,
  });
  strictEqual(inputOfTool(spec, { input: "x" }), "x");
  strictEqual(inputOfTool(spec, Object.create({ input: "x" })), undefined);
  strictEqual(inputOfTool(spec, "x"), undefined);
  const free = operation({ name: "free", access: ANYONE, handler: () => 1 }).spec;
  deepStrictEqual(inputOfTool(free, undefined), {});
  strictEqual(structuredOutput(free, 1), undefined);
  deepStrictEqual(structuredOutput(free, { a: 1 }), { a: 1 });
});
