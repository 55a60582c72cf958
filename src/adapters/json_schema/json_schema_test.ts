import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { AdapterError, CallError, OperationDefinitionError } from "@alknet/operations";

import {
  callIn,
  failureOfCall,
  registryOf,
  startService,
  subscribeIn,
} from "../testdata/support.ts";
import { httpEndpoint } from "./http_endpoint.ts";
import { operationsFromJsonSchema } from "./operations_from_json_schema.ts";

const GREET = {
  name: "greet",
  input: {
    type: "object",
    properties: { who: { $ref: "#/$defs/who" } },
    required: ["who"],
    $defs: { who: { type: "string", pattern: "^(a+)+$" } },
  },
  output: { type: "object" },
  errors: [{ code: "HTTP_409", schema: { type: "object" }, httpStatus: 409 }],
} as const;

Deno.test("named schemas and one endpoint are operations", async () => {
  await using service = startService(({ body, method, target }) => {
    if (body.includes("taken")) return Response.json({ by: "Ada" }, { status: 409 });
    return Response.json({ method, target, body });
  });
  const handler = httpEndpoint({ url: `${service.url}rpc/{name}`, credential: "words" });
  const operations = operationsFromJsonSchema([GREET], { namespace: "words", handler });
  const registry = registryOf(operations, { words: "s3cret" });
  deepStrictEqual(await callIn(registry, "words/greet", { who: "Ada" }), {
    method: "POST",
    target: "/rpc/greet",
    body: '{"who":"Ada"}',
  });
  strictEqual(service.requests[0]?.headers.get("authorization"), "Bearer s3cret");
  const { code, details } = await failureOfCall(callIn(registry, "words/greet", { who: "taken" }));
  deepStrictEqual([code, details], ["HTTP_409", { by: "Ada" }]);
  // References are followed, patterns are left to the service: one may take for ever.
  const wrong = await failureOfCall(callIn(registry, "words/greet", { who: 1 }));
  strictEqual(wrong.code, "INVALID_INPUT");
  deepStrictEqual(operations[0]?.spec.inputSchema, GREET.input);
});

Deno.test("with GET the members that the schema names become the query", async () => {
  await using service = startService(({ method, target }) => Response.json({ method, target }));
  const handler = httpEndpoint({ url: `${service.url}find`, method: "GET" });
  const find = {
    name: "find",
    type: "query",
    input: { type: "object", properties: { q: {}, tag: { type: "array" } }, required: ["q"] },
  } as const;
  const registry = registryOf(operationsFromJsonSchema([find], { namespace: "x", handler }));
  const input = { q: "a b&c", tag: ["1", "2"], other: 1 };
  deepStrictEqual(await callIn(registry, "x/find", input), {
    method: "GET",
    target: "/find?q=a%20b%26c&tag=1&tag=2",
  });
});

Deno.test("a subscription reads events", async () => {
  await using service = startService(() =>
    new Response("data: 1\n\ndata: 2\n\n", { headers: { "content-type": "text/event-stream" } })
  );
  const handler = httpEndpoint({ url: String(service.url) });
  const watch = { name: "watch", type: "subscription" } as const;
  const registry = registryOf(operationsFromJsonSchema([watch], { namespace: "x", handler }));
  deepStrictEqual(await Array.fromAsync(subscribeIn(registry, "x/watch")), [1, 2]);
});

Deno.test("a program's own handler runs operations of schemas, and is a leaf", async () => {
  const handler = {
    errors: [{ code: "ODD", schema: true }],
    handlerFor: ({ name }: { name: string }) => ({
      kind: "once" as const,
      run: (input: unknown) => {
        if (input === 1) throw new CallError("ODD", "It is odd");
        return { name, input };
      },
    }),
  };
  const registry = registryOf(
    operationsFromJsonSchema([{ name: "own" }], { namespace: "x", handler }),
  );
  deepStrictEqual(await callIn(registry, "x/own", 2), { name: "own", input: 2 });
  strictEqual((await failureOfCall(callIn(registry, "x/own", 1))).code, "ODD");
});

Deno.test("wrong names, URLs and kinds are told at once", () => {
  throws(() => httpEndpoint({ url: "file:///etc/{name}" }), AdapterError);
  const handler = httpEndpoint({ url: "https://x.example/{name}" });
  const make = (name: string) => operationsFromJsonSchema([{ name }], { namespace: "x", handler });
  throws(() => make("a b"), OperationDefinitionError);
  strictEqual(make("a/b")[0]?.spec.name, "x/a/b");
});
