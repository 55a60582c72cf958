import { strictEqual } from "node:assert/strict";

import fc from "fast-check";

import { isResourceIdPath, resourceIdAt } from "./resource_id.ts";

Deno.test("resourceIdAt() follows dots and slashes to a string", () => {
  strictEqual(resourceIdAt({ id: "c1" }, "$.id"), "c1");
  strictEqual(resourceIdAt({ a: { b: "c1" } }, "$.a.b"), "c1");
  strictEqual(resourceIdAt({ a: { b: "c1" } }, "$/a/b"), "c1");
});

Deno.test("resourceIdAt() finds no id where there is no string", () => {
  for (const input of [undefined, null, "c1", [], {}, { id: 1 }, { id: "" }, { id: { x: 1 } }]) {
    strictEqual(resourceIdAt(input, "$.id"), undefined);
  }
  strictEqual(resourceIdAt({}, "$.constructor.name"), undefined);
});

Deno.test("resourceIdAt() never throws", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.string(), (input, key) => {
    const path = `$.${key}`;
    if (isResourceIdPath(path)) resourceIdAt(input, path);
  }));
});
