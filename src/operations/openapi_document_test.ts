import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";

import { ANYONE } from "./access.ts";
import { openApiDocument } from "./openapi_document.ts";
import { operation } from "./operation.ts";
import type { OperationSpec } from "./spec.ts";

const INFO = { title: "Node", version: "1" };

const NODE = {
  type: "object",
  properties: {
    name: { type: "string", description: "What people call it" },
    children: { type: "array", items: { $ref: "#" } },
  },
} as const;

const PET = {
  type: "object",
  properties: { name: { type: "string" }, owner: { $ref: "#/$defs/owner" } },
  $defs: { owner: { type: "object", properties: { $ref: { type: "string" } } } },
} as const;

function specOf(name: string, more: Record<string, unknown> = {}): OperationSpec {
  return operation({ name, access: ANYONE, handler: () => null, ...more }).spec;
}

function at(value: unknown, ...keys: (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (found, key) => typeof found === "object" && found !== null ? Reflect.get(found, key) : found,
    value,
  );
}

Deno.test("each operation is a POST with its input, output and errors by status", () => {
  const spec = specOf("pets/add", {
    input: { type: "object" },
    output: { type: "integer" },
    access: { requiredScopes: ["pets:write"] },
    errors: {
      TAKEN: { httpStatus: 409, schema: { type: "string" } },
      FULL: { httpStatus: 409, description: "No room" },
      ODD: {},
    },
  });
  const { paths } = openApiDocument([spec], INFO);
  const post = at(paths, "/op/pets/add", "post");
  deepStrictEqual(at(post, "requestBody"), {
    required: true,
    content: { "application/json": { schema: { type: "object" } } },
  });
  deepStrictEqual(at(post, "security"), [{ bearer: [] }]);
  deepStrictEqual(Object.keys(Object(at(post, "responses"))), [
    "200",
    "401",
    "403",
    "404",
    "409",
    "422",
    "500",
    "504",
  ]);
  const error = { $ref: "#/components/schemas/Error" };
  deepStrictEqual(at(post, "responses", 409), {
    description: "TAKEN; No room",
    content: {
      "application/problem+json": {
        schema: {
          anyOf: [
            {
              allOf: [error, {
                properties: { code: { const: "TAKEN" }, details: { type: "string" } },
              }],
            },
            error,
          ],
        },
      },
    },
  });
});

Deno.test("a subscription answers with events, and what is for anyone needs no token", () => {
  const spec = specOf("events", { type: "subscription", async *handler() {} });
  const post = at(openApiDocument([spec], INFO).paths, "/op/events", "post");
  deepStrictEqual(Object.keys(Object(at(post, "responses", 200, "content"))), [
    "text/event-stream",
  ]);
  deepStrictEqual(at(post, "security"), [{}, { bearer: [] }]);
});

Deno.test("schemas that refer to themselves, or are used twice, stand among the components", () => {
  const document = openApiDocument([
    specOf("a/put", { input: NODE, output: PET }),
    specOf("b/put", { input: PET }),
  ], INFO);
  deepStrictEqual(Object.keys(Object(document.components.schemas)), [
    "Error",
    "a-put.input",
    "a-put.output",
  ]);
  deepStrictEqual(at(document.components, "schemas", "a-put.input", "properties", "children"), {
    type: "array",
    items: { $ref: "#/components/schemas/a-put.input" },
  });
  deepStrictEqual(at(document.components, "schemas", "a-put.output", "properties", "owner"), {
    $ref: "#/components/schemas/a-put.output/$defs/owner",
  });
  // A property of that name is no reference.
  deepStrictEqual(
    at(document.components, "schemas", "a-put.output", "$defs", "owner", "properties", "$ref"),
    { type: "string" },
  );
  const shared = at(document.paths, "/op/b/put", "post", "requestBody", "content");
  deepStrictEqual(at(shared, "application/json", "schema"), {
    $ref: "#/components/schemas/a-put.output",
  });
});

Deno.test("an error code cannot break out of the name of its schema", () => {
  const spec = specOf("a", { errors: { "x/../~1#": { schema: NODE } } });
  const { components } = openApiDocument([spec], INFO);
  const names = Object.keys(Object(components.schemas));
  strictEqual(names.length, 2);
  ok(names.every((name) => /^[\w.-]+$/.test(name)), names.join());
});
