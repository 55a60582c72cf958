import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";

import fc from "fast-check";

import { SchemaError } from "./errors.ts";
import { MAX_ISSUES, type SchemaCheck, schemaCheck } from "./schema_check.ts";
import type { StandardSchema } from "./standard_schema.ts";
import { DEFAULT_VALUE_LIMITS } from "./value_limits.ts";

function passes({ check }: SchemaCheck, value: unknown, limits = DEFAULT_VALUE_LIMITS): boolean {
  const verdict = check(value, limits);
  return !(verdict instanceof Promise) && verdict.ok;
}

Deno.test("schemaCheck() takes no value deeper or larger than its limits", () => {
  const anything = schemaCheck(true);
  const nested = (depth: number): unknown => depth === 0 ? 1 : [nested(depth - 1)];
  strictEqual(passes(anything, nested(64)), true);
  strictEqual(passes(anything, nested(65)), false);
  strictEqual(passes(anything, new Array(99_999).fill(0)), true);
  strictEqual(passes(anything, new Array(100_000).fill(0)), false);
});

Deno.test("schemaCheck() survives values that contain themselves or share parts", () => {
  const loop: unknown[] = [];
  loop.push(loop);
  strictEqual(passes(schemaCheck(true), loop), false);
  let shared: unknown = 1;
  // A billion laughs: 2^40 values once written out.
  for (let i = 0; i < 40; i++) shared = [shared, shared];
  strictEqual(passes(schemaCheck(true), shared), false);
});

Deno.test("schemaCheck() hands no long string to a regular expression", () => {
  const plain = schemaCheck({ type: "string" });
  const matched = schemaCheck({ type: "object", properties: { a: { pattern: "^a*$" } } });
  const hidden = schemaCheck({ $ref: "#/x/y", x: { y: { pattern: "^a*$" } } });
  const long = "a".repeat(16_385);
  strictEqual(passes(plain, long), true);
  strictEqual(passes(matched, { a: long }), false);
  strictEqual(passes(matched, { [long]: 1 }), false);
  strictEqual(passes(matched, { a: long.slice(1) }), true);
  strictEqual(passes(hidden, long), false);
});

Deno.test("schemaCheck() tells at most eight issues, with places and no values", () => {
  const check = schemaCheck({ type: "array", items: { type: "integer" } });
  const verdict = check.check(new Array(50).fill("secret"));
  ok(!(verdict instanceof Promise) && !verdict.ok);
  ok(verdict.issues.length <= MAX_ISSUES);
  strictEqual(verdict.issues[0]?.path, "/0");
  strictEqual(JSON.stringify(verdict).includes("secret"), false);
});

Deno.test("schemaCheck() follows no reference out of the schema", async () => {
  const fetched: unknown[] = [];
  const original = globalThis.fetch;
  globalThis.fetch = (...call) => {
    fetched.push(call);
    return Promise.reject(new TypeError("No network"));
  };
  try {
    const check = schemaCheck({ $ref: "http://localhost:1/schema.json" });
    strictEqual((await check.check(1)).ok, false);
    deepStrictEqual(fetched, []);
  } finally {
    globalThis.fetch = original;
  }
});

Deno.test("schemaCheck() refuses schemas that are too large, too deep, or badly patterned", () => {
  const nested = (depth: number): Record<string, unknown> =>
    depth === 0 ? {} : { not: nested(depth - 1) };
  throws(() => schemaCheck(nested(70)), SchemaError);
  throws(() => schemaCheck({ enum: new Array(20_001).fill(1) }), SchemaError);
  throws(() => schemaCheck({ pattern: "(" }), SchemaError);
  throws(() => schemaCheck({ patternProperties: { "[": true } }), SchemaError);
});

Deno.test("schemaCheck() leaves foreign schemas with patterns or references to their owner", () => {
  // Each would run for ever: a pattern with nested repetition, and 2^60 references.
  const pattern = schemaCheck({ pattern: "^(a+)+$" }, { foreign: true });
  strictEqual(passes(pattern, "a".repeat(60) + "!"), true);
  const defs: Record<string, unknown> = { s0: { type: "string" } };
  for (let i = 1; i <= 60; i++) {
    defs[`s${i}`] = { allOf: [{ $ref: `#/$defs/s${i - 1}` }, { $ref: `#/$defs/s${i - 1}` }] };
  }
  const laughs = schemaCheck({ $ref: "#/$defs/s60", $defs: defs }, { foreign: true });
  strictEqual(passes(laughs, "x"), true);
  strictEqual(passes(schemaCheck({ type: "string" }, { foreign: true }), 1), false);
});

Deno.test("schemaCheck() takes format as the annotation that draft 2020-12 makes of it", () => {
  strictEqual(passes(schemaCheck({ format: "email" }), "no mail"), true);
  const named = schemaCheck({ properties: { format: { type: "string" } } });
  strictEqual(passes(named, { format: 1 }), false);
});

Deno.test("schemaCheck() knows the metaschema", () => {
  const check = schemaCheck({ $ref: "https://json-schema.org/draft/2020-12/schema" });
  strictEqual(passes(check, { type: "string" }), true);
  strictEqual(passes(check, { type: "text" }), false);
});

Deno.test("schemaCheck() asks libraries with the Standard interface, also slow ones", async () => {
  const trimmed: StandardSchema<string, string> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        Promise.resolve(
          typeof value === "string"
            ? { value: value.trim() }
            : { issues: [{ message: "not text", path: ["a/b", { key: 0 }] }] },
        ),
      jsonSchema: { input: () => ({ type: "string" }) },
    },
  };
  const { check, jsonSchema } = schemaCheck(trimmed);
  deepStrictEqual(jsonSchema, { type: "string" });
  deepStrictEqual(await check(" x "), { ok: true, value: "x" });
  deepStrictEqual(await check(1), {
    ok: false,
    issues: [{ path: "/a~1b/0", message: "not text" }],
  });
});

Deno.test("schemaCheck() survives whatever another node calls a schema", () => {
  const keyword = fc.constantFrom(
    ...("type properties items required enum const anyOf oneOf not if minLength maximum $id $ref " +
      "pattern patternProperties additionalProperties prefixItems uniqueItems multipleOf " +
      "~standard ~kind ~refine __proto__ $dynamicAnchor $anchor $defs").split(" "),
  );
  const { schema } = fc.letrec((tie) => ({
    schema: fc.oneof(
      { depthSize: "small" },
      fc.jsonValue({ maxDepth: 1 }),
      fc.dictionary(keyword, tie("schema"), { maxKeys: 4 }),
      fc.array(tie("schema"), { maxLength: 3 }),
    ),
  }));
  fc.assert(
    fc.property(schema, fc.jsonValue(), (foreign, value) => {
      let check: SchemaCheck;
      try {
        // deno-lint-ignore no-explicit-any -- anything may come over a network
        check = schemaCheck(foreign as any, { foreign: true });
      } catch (error) {
        ok(error instanceof SchemaError, `${error}`);
        return;
      }
      strictEqual(typeof passes(check, value), "boolean");
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("schemaCheck() gives a verdict on any JSON value, never an exception", () => {
  const check = schemaCheck({
    type: "object",
    properties: { a: { type: "integer" }, __proto__: { type: "string" } },
    additionalProperties: { oneOf: [{ type: "string" }, { type: "array", uniqueItems: true }] },
  });
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    strictEqual(typeof passes(check, value), "boolean");
  }));
});
