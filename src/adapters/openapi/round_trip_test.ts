import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  ANYONE,
  mcpToolName,
  openApiDocument,
  operation,
  OperationRegistry,
} from "@alknet/operations";

import {
  callIn,
  failureOfCall,
  registryOf,
  startService,
  subscribeIn,
} from "../testdata/support.ts";
import { operationsFromOpenApi } from "./operations_from_openapi.ts";

const TREE = {
  type: "object",
  properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#" } } },
  required: ["name"],
} as const;

const OPERATIONS = [
  operation({
    name: "tree/height",
    description: "How high a tree is",
    input: TREE,
    output: { type: "integer" },
    access: ANYONE,
    errors: { TOO_HIGH: { httpStatus: 409, schema: { type: "integer" } } },
    handler: () => 2,
  }),
  operation({ name: "text/length", input: { type: "string" }, access: ANYONE, handler: () => 3 }),
  operation({
    name: "count.up",
    type: "subscription",
    output: { type: "integer" },
    access: ANYONE,
    async *handler() {
      yield* [1, 2];
    },
  }),
];

const DOCUMENT = openApiDocument(OPERATIONS.map(({ spec }) => spec), {
  title: "Node",
  version: "1",
});

Deno.test("what we describe as OpenAPI, we read back as the same operations", async () => {
  const { operations, skipped } = await operationsFromOpenApi(
    JSON.parse(JSON.stringify(DOCUMENT)),
    { namespace: "far", baseUrl: "http://127.0.0.1:9" },
  );
  deepStrictEqual(skipped, []);
  deepStrictEqual(
    operations.map(({ spec }) => [spec.name, spec.type, spec.description]),
    [
      ["far/tree-height", "mutation", "How high a tree is"],
      ["far/text-length", "mutation", "text/length"],
      ["far/count_0up", "subscription", "count.up"],
    ],
  );
  deepStrictEqual(operations[0]?.spec.errorSchemas.map(({ code }) => code).slice(0, 7), [
    "HTTP_401",
    "HTTP_403",
    "HTTP_404",
    "HTTP_409",
    "HTTP_422",
    "HTTP_500",
    "HTTP_504",
  ]);
});

Deno.test("a service that serves what we describe is called through what we read", async () => {
  const served = new OperationRegistry();
  served.register(OPERATIONS);
  await using service = startService(async ({ target, body }) => {
    const name = target.replace(/^\/op\//, "");
    const input = body === "" ? undefined : JSON.parse(body);
    if (served.kindOf(name) === "subscription") {
      const items = await Array.fromAsync(subscribeIn(served, name, input));
      const events = items.map((item) => `data: ${JSON.stringify(item)}\n\n`).join("");
      return new Response(events, { headers: { "content-type": "text/event-stream" } });
    }
    const { output, error } = await callIn(served, name, input)
      .then((output) => ({ output, error: undefined }), (error) => ({ output: undefined, error }));
    if (!error) return Response.json(output);
    const { code, message, retryable } = error;
    return Response.json({ code, message, retryable }, { status: 422 });
  });
  const options = { namespace: "far", baseUrl: service.url };
  const { operations } = await operationsFromOpenApi({ ...DOCUMENT }, options);
  const registry = registryOf(operations);
  strictEqual(await callIn(registry, "far/tree-height", { body: { name: "a" } }), 2);
  strictEqual(await callIn(registry, "far/text-length", { body: "abc" }), 3);
  const items = await Array.fromAsync(subscribeIn(registry, `far/${mcpToolName("count.up")}`));
  deepStrictEqual(items, [1, 2]);
  const deep = { name: "a", children: [{ name: "b", children: [{ name: 1 }] }] };
  const wrong = await failureOfCall(callIn(registry, "far/tree-height", { body: deep }));
  strictEqual(wrong.code, "INVALID_INPUT"); // this side follows the references
});
