import fc from "fast-check";
import { deepStrictEqual, ok, throws } from "node:assert/strict";

import { anyText } from "../../../tests/tools/any_text.ts";
import { HttpProblem } from "../door/problem.ts";
import { queryInput } from "./query_input.ts";

const SCHEMA = {
  type: "object",
  properties: {
    n: { type: "integer" },
    on: { type: "boolean" },
    tags: { type: "array", items: { type: "string" } },
    sizes: { type: "array", items: { type: "number" } },
    where: { type: "object" },
    name: { type: "string" },
  },
} as const;

function read(query: string, schema: Parameters<typeof queryInput>[1] = SCHEMA): unknown {
  return queryInput(new URLSearchParams(query), schema);
}

Deno.test("parameters become what the schema says they are", () => {
  deepStrictEqual(read("n=7&on=true&name=7&tags=a&tags=b&sizes=1&where=%7B%22x%22:1%7D"), {
    n: 7,
    on: true,
    name: "7",
    tags: ["a", "b"],
    sizes: [1],
    where: { x: 1 },
  });
  deepStrictEqual(read("n=seven&on=yes"), { n: "seven", on: "yes" }); // the schema refuses it best
  deepStrictEqual(read("resumable=true"), {});
  deepStrictEqual(read("x=1", true), { x: "1" });
});

Deno.test("input= is the whole input, unless it is one of its properties", () => {
  deepStrictEqual(read("input=[1]"), [1]);
  deepStrictEqual(read("input=[1]", { properties: { input: { type: "string" } } }), {
    input: "[1]",
  });
  throws(() => read("input=[1"), { status: 400 });
  throws(() => read("name=a&name=b"), { status: 400 });
});

Deno.test("whatever the query, the answer is an input or a problem", () => {
  const name = fc.oneof(fc.constantFrom("name", "input"), anyText());
  const pairs = fc.array(fc.tuple(name, anyText()));
  const encoded = pairs.map((each) => String(new URLSearchParams(each)));
  fc.assert(fc.property(fc.oneof(encoded, anyText()), (query) => {
    try {
      read(query);
    } catch (error) {
      ok(error instanceof HttpProblem);
    }
  }));
});
