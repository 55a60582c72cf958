import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";

import { ANYONE } from "./access.ts";
import { OperationDefinitionError } from "./errors.ts";
import { importedOperation } from "./imported_operation.ts";
import { operation } from "./operation.ts";
import type { StandardSchema } from "./standard_schema.ts";

Deno.test("operation() derives the namespace from the first segment", () => {
  const namespaceOf = (name: string): string =>
    operation({ name, handler: () => 1 }).spec.namespace;
  strictEqual(namespaceOf("fs/readFile"), "fs");
  strictEqual(namespaceOf("docker/container/exec"), "docker");
  strictEqual(namespaceOf("ping"), "ping");
});

Deno.test("operation() refuses names that no wire could carry", () => {
  for (const name of ["", "/a", "a/", "a//b", "a b", "a/../é", "x".repeat(257)]) {
    throws(() => operation({ name, handler: () => 1 }), OperationDefinitionError);
  }
});

Deno.test("operation() says what is default: external, for nobody, a mutation", () => {
  deepStrictEqual(operation({ name: "a", handler: () => 1 }).spec, {
    name: "a",
    namespace: "a",
    type: "mutation",
    visibility: "external",
    description: "",
    inputSchema: true,
    outputSchema: true,
    errorSchemas: [],
    accessControl: { requiredScopesAny: [] },
    idempotent: false,
  });
});

Deno.test("operation() refuses a handler of the wrong kind, both ways", () => {
  const stream: unknown = async function* () {};
  const once: unknown = async () => {};
  const define = (type: "query" | "subscription", handler: unknown) => (): unknown =>
    // deno-lint-ignore no-explicit-any -- what the types forbid is what is tested
    operation({ name: "a", type, handler } as any);
  throws(define("query", stream), OperationDefinitionError);
  throws(define("subscription", once), OperationDefinitionError);
});

Deno.test("operation() refuses error codes of the protocol and bad resource paths", () => {
  const handler = (): number => 1;
  throws(
    () => operation({ name: "a", errors: { TIMEOUT: {} }, handler }),
    OperationDefinitionError,
  );
  for (const resourceIdPath of ["containerId", "$", "$.", "$.a..b", "$x"]) {
    throws(() => operation({ name: "a", resourceIdPath, handler }), OperationDefinitionError);
  }
});

Deno.test("operation() infers a handler's types from JSON Schema", () => {
  operation({
    name: "a",
    input: {
      type: "object",
      properties: { n: { type: "number" }, s: { enum: ["x", "y"] } },
      required: ["n"],
    },
    output: { type: "string" },
    handler: ({ n, s }) => {
      const typed: [number, "x" | "y" | undefined] = [n, s];
      return String(typed[0]);
    },
  });
  operation({
    name: "b",
    output: { type: "string" },
    // @ts-expect-error -- a number is no string
    handler: () => 1,
  });
});

Deno.test("operation() infers a handler's types from a Standard Schema", () => {
  const input = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: () => ({ value: new Date(0) }),
    },
  } as StandardSchema<string, Date>;
  const { spec } = operation({ name: "a", input, handler: (when) => when.getTime() });
  strictEqual(spec.inputSchema, true);
});

Deno.test("operation() infers a stream's types", () => {
  operation({
    name: "a",
    type: "subscription",
    input: { type: "number" },
    output: { type: "number" },
    access: ANYONE,
    async *handler(from) {
      yield from + 1;
    },
  });
});

Deno.test("importedOperation() is internal whatever the other side says", () => {
  const remote = operation({ name: "a", access: ANYONE, handler: () => 1 }).spec;
  const local = importedOperation(remote, { kind: "once", run: () => 1 });
  strictEqual(local.spec.visibility, "internal");
  throws(
    () => importedOperation(remote, { kind: "stream", async *run() {} }),
    OperationDefinitionError,
  );
});
