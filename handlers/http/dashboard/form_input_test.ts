import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";

import { fieldsOf, FormInputError, inputFrom, inputName } from "./form_input.ts";

const SCHEMA = {
  type: "object",
  properties: {
    name: { type: "string", description: "What it is called" },
    count: { type: "integer" },
    loud: { type: "boolean" },
    colour: { type: "string", enum: ["red", "blue"] },
    scopes: { type: "array", items: { type: "string" } },
    rest: { type: "object" },
  },
  required: ["name", "loud"],
} as const;

function filled(values: Readonly<Record<string, string>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) form.set(`input.${name}`, value);
  return form;
}

Deno.test("a form asks for each property as what it is", () => {
  const kinds = fieldsOf(SCHEMA).map(({ name, kind, optional }) => [name, kind, optional]);
  deepStrictEqual(kinds, [
    ["name", "text", false],
    ["count", "integer", true],
    ["loud", "boolean", false],
    ["colour", "choice", true],
    ["scopes", "lines", true],
    ["rest", "json", true],
  ]);
  deepStrictEqual(fieldsOf(true).map(({ kind }) => kind), ["json"]);
  deepStrictEqual(fieldsOf({ type: "object", additionalProperties: false }), []);
});

Deno.test("a filled form becomes the input, and what is optional and empty is left out", () => {
  const fields = fieldsOf(SCHEMA);
  const all = {
    name: "a",
    count: "3",
    loud: "true",
    colour: "red",
    scopes: "x:y\r\n\n z:w ",
    rest: '{"a":[1]}',
  };
  deepStrictEqual(inputFrom(fields, filled(all)), {
    name: "a",
    count: 3,
    loud: true,
    colour: "red",
    scopes: ["x:y", "z:w"],
    rest: { a: [1] },
  });
  deepStrictEqual(inputFrom(fields, filled({ name: "" })), { name: "", loud: false });
  deepStrictEqual(inputFrom(fieldsOf(true), filled({ "": "[1]" })), [1]);
});

Deno.test("what is no number or no JSON is told by the field's name", () => {
  const fields = fieldsOf(SCHEMA);
  throws(() => inputFrom(fields, filled({ count: "many" })), /"count" must be a number/);
  throws(() => inputFrom(fields, filled({ rest: "{" })), /"rest" must be JSON/);
  throws(() => inputFrom(fieldsOf(true), filled({ "": "{" })), /The input must be JSON/);
});

Deno.test("a property without a name is not taken for the whole input", () => {
  // It was: what stood in its field became the input, whatever the other fields held.
  const schema = { type: "object", properties: { "": { type: "integer" }, a: { type: "string" } } };
  const [whole, ...others] = fieldsOf(schema);
  deepStrictEqual([whole?.name, whole?.kind, others], ["", "json", []]);
});

Deno.test("whatever a schema and a form hold, reading them throws nothing but its own error", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.string(), (schema, text) => {
    if (typeof schema !== "object" || schema === null) return;
    const fields = fieldsOf({ type: "object", properties: { ...schema } });
    const form = new FormData();
    for (const field of fields) form.set(inputName(field), text);
    try {
      const input = inputFrom(fields, form);
      if (fields[0]?.name !== "") strictEqual(typeof input, "object");
    } catch (error) {
      if (!(error instanceof FormInputError)) throw error;
    }
  }));
});
