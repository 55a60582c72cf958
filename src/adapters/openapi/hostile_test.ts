import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { AdapterError, CallError } from "@alknet/operations";
import fc from "fast-check";

import {
  callIn,
  documentOf,
  failureOfCall,
  json,
  registryOf,
  startService,
  subscribeIn,
} from "../testdata/support.ts";
import { type OpenApiOptions, operationsFromOpenApi } from "./operations_from_openapi.ts";
import { DEFAULT_DOCUMENT_LIMITS, readDocument } from "./read_document.ts";

const BASE = { namespace: "t", baseUrl: "http://127.0.0.1:9" };

async function refusalOf(
  source: string | URL | Record<string, unknown>,
  options: OpenApiOptions = BASE,
): Promise<string> {
  const error = await operationsFromOpenApi(source, options).catch((reason) => reason);
  ok(error instanceof AdapterError, `not refused: ${JSON.stringify(error)}`);
  return `${error.kind}: ${error.message}`;
}

const ONE = { "/a": { get: { responses: { 200: json() } } } };

// A document that a stranger wrote must not make the node read its files or ask other hosts.
for (const reference of ["file:///etc/passwd", "../secret.yaml", "http://169.254.169.254/", "x"]) {
  Deno.test(`a reference to ${reference} is refused, and nothing is read`, async () => {
    let asked = 0;
    const options: OpenApiOptions = {
      ...BASE,
      fetch: () => {
        asked++;
        return Promise.resolve(new Response("{}"));
      },
    };
    for (const key of ["schemas", "responses", "parameters"]) {
      const components = { [key]: { A: { $ref: reference } } };
      match(await refusalOf(documentOf(ONE, { components }), options), /leads out of it/);
    }
    strictEqual(asked, 0);
  });
}

Deno.test("a document cannot send the node, and its secret, to another host", async () => {
  await using other = startService(() => Response.json(1));
  const document = documentOf({
    ...ONE,
    "/b": { servers: [{ url: String(other.url) }], get: { responses: { 200: json() } } },
  });
  const hostile = { ...document, servers: [{ url: `${other.url}{x}`, variables: {} }] };
  await using service = startService(({ target }) =>
    Response.json(target === "/1" ? document : hostile)
  );
  const url = new URL("1", service.url);
  const { operations, skipped } = await operationsFromOpenApi(url, { namespace: "t" });
  strictEqual(operations.length, 1);
  match(skipped[0]?.reason ?? "", /give a base URL/);
  match(await refusalOf(new URL("2", service.url), { namespace: "t" }), /give a base URL/);
  strictEqual(other.requests.length, 0);
});

Deno.test("a redirect to another origin is not followed, within the origin it is", async () => {
  await using other = startService(() => Response.json("stolen"));
  await using service = startService(({ target }) => {
    if (target === "/near") return Response.redirect(new URL("/end", service.url), 302);
    if (target === "/end") return Response.json("end");
    if (target === "/loop") return Response.redirect(new URL("/loop", service.url), 302);
    return Response.redirect(other.url, 307);
  });
  const get = { get: { responses: { 200: json() } } };
  const post = { post: { responses: { 200: json() } } };
  const document = documentOf({ "/near": get, "/far": { ...get, ...post }, "/loop": get });
  const options = { ...BASE, baseUrl: service.url, auth: { type: "bearer" } } as const;
  const { operations } = await operationsFromOpenApi(document, options);
  const registry = registryOf(operations, { t: "s3cret" });
  strictEqual(await callIn(registry, "t/get_near"), "end");
  for (const name of ["t/get_far", "t/post_far", "t/get_loop"]) {
    strictEqual((await failureOfCall(callIn(registry, name))).code, "HTTP_BAD_RESPONSE", name);
  }
  strictEqual(other.requests.length, 0);
});

Deno.test("circles of references end, and schemas that grow without end are cut", async () => {
  // Each schema has the next one twice: 2^40 when written out.
  const doubling = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => {
      const next = { $ref: `#/components/schemas/S${n + 1}` };
      return [`S${n}`, { type: "object", properties: { a: next, b: next } }];
    }),
  );
  const schemas = {
    ...doubling,
    S40: { type: "string" },
    Circle: { $ref: "#/components/schemas/Circle" },
    Tree: { type: "array", items: { $ref: "#/components/schemas/Tree" } },
  };
  const parameters = {
    P: { $ref: "#/components/parameters/Q" },
    Q: { $ref: "#/components/parameters/P" },
  };
  const body = (name: string) => ({
    content: { "application/json": { schema: { $ref: `#/components/schemas/${name}` } } },
  });
  const paths = Object.fromEntries(
    ["S0", "Circle", "Tree"].map((name) => [`/${name}`, {
      parameters: [{ $ref: "#/components/parameters/P" }],
      post: { operationId: name, requestBody: body(name), responses: { 200: json() } },
    }]),
  );
  const document = documentOf(paths, { components: { schemas, parameters } });
  const { operations } = await operationsFromOpenApi(document, BASE);
  strictEqual(operations.length, 3);
  const registry = registryOf(operations);
  const wrong = await failureOfCall(callIn(registry, "t/Tree", { body: [[[["x"]]]] }));
  strictEqual(wrong.code, "INVALID_INPUT");
});

Deno.test("documents that are too large, too deep or have too many operations are refused", async () => {
  const small = {
    ...BASE,
    limits: { maxDocumentBytes: 1_000, maxDocumentNodes: 100, maxOperations: 1 },
  };
  match(await refusalOf(JSON.stringify(documentOf(ONE)).padEnd(1_001), small), /1000 bytes/);
  const many = documentOf(Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`/${n}`, {}])));
  match(await refusalOf(many, small), /more than 100 values/);
  const two = documentOf({ "/a": { get: ONE["/a"].get, post: ONE["/a"].get } });
  match(await refusalOf(two, small), /more than 1 operations/);
  let deep: unknown = {};
  for (let n = 0; n < 100; n++) deep = { a: deep };
  match(await refusalOf(documentOf(ONE, { "x-deep": deep })), /nested deeper than 64/);
  match(await refusalOf(`${"[".repeat(50_000)}`), /schema-parse/);
  match(await refusalOf(`{"openapi":"3.1.0","x-a":${"[".repeat(50_000)}`), /schema-parse/);
  await using service = startService(() => new Response("a".repeat(2_000)));
  match(await refusalOf(service.url, { namespace: "t", limits: small.limits }), /1000 bytes/);
});

// The validator compares every two parameters: 20,000 of them took 24 seconds.
Deno.test("lists that are too long to be compared item by item are refused", async () => {
  const parameters = Array.from({ length: 20_000 }, (_, n) => ({ name: `${n}`, in: "query" }));
  const document = documentOf({ "/a": { get: { parameters, responses: { 200: json() } } } });
  match(await refusalOf({ ...document, openapi: "3.0.3" }), /lists are too long/);
});

// One parser of YAML took two minutes over 60,000 keys, and five seconds over 50,000 tags.
Deno.test("YAML of many keys, tags or anchors is read or refused at once", () => {
  const keys = Array.from({ length: 60_000 }, (_, n) => `k${n}: 1`).join("\n");
  const limits = { ...DEFAULT_DOCUMENT_LIMITS, maxDocumentNodes: 1_000 };
  throws(() => readDocument(keys, limits), /more than 1000 values/);
  throws(() => readDocument("!!a ".repeat(50_000), limits), AdapterError);
  throws(() => readDocument("&a ".repeat(50_000), limits), AdapterError);
});

Deno.test("YAML that refers to itself, or doubles with every line, is refused", async () => {
  match(await refusalOf("&a [*a]"), /schema-parse/);
  const lines = Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`);
  match(await refusalOf(`a0: &a0 [x]\n${lines.join("\n")}\n`), /schema-parse/);
});

Deno.test("inputs cannot set headers, leave their path, or put a secret's place", async () => {
  await using service = startService(() => Response.json(1));
  const at = (name: string, place: string) => ({ name, in: place, schema: {} });
  const document = documentOf({
    "/a/{id}": {
      get: {
        operationId: "get",
        parameters: [
          { ...at("id", "path"), required: true },
          { ...at("filter", "query"), style: "form", explode: true },
          { ...at("api_key", "query") },
          { ...at("jar", "cookie"), explode: true },
          at("X-Note", "header"),
          at("Authorization", "header"),
          at("Host", "header"),
          at("Cookie", "header"),
          at("Transfer-Encoding", "header"),
        ],
        responses: { 200: json() },
      },
    },
  }, {
    security: [{ q: [], c: [], h: [] }],
    components: {
      securitySchemes: {
        q: { type: "apiKey", in: "query", name: "api_key" },
        c: { type: "apiKey", in: "cookie", name: "sid" },
        h: { type: "http", scheme: "basic" },
      },
    },
  });
  const options = { ...BASE, baseUrl: new URL("base/", service.url) };
  const { operations } = await operationsFromOpenApi(document, options);
  deepStrictEqual(Object.keys(Object(Object(operations[0]?.spec.inputSchema).properties)), [
    "id",
    "filter",
    "api_key",
    "X-Note",
    "jar",
  ]);
  const registry = registryOf(operations, { q: "query&=", c: "cookie;", h: "ada:lovelace" });
  await callIn(registry, "t/get", {
    id: "../../x?y#z",
    filter: { api_key: "mine", a: "1&api_key=mine" },
    api_key: "mine",
    jar: { sid: "mine", other: "1; sid=mine" },
    "X-Note": "plain",
  });
  const [request] = service.requests;
  strictEqual(
    request?.target,
    "/base/a/..%2F..%2Fx%3Fy%23z?a=1%26api_key%3Dmine&api_key=query%26%3D",
  );
  strictEqual(request?.headers.get("cookie"), "other=1%3B%20sid%3Dmine; sid=cookie%3B");
  strictEqual(request?.headers.get("authorization"), `Basic ${btoa("ada:lovelace")}`);
  for (
    const [key, value] of [["X-Note", "a\r\nX-Evil: 1"], ["id", "."], ["id", ".."], ["id", ""]]
  ) {
    const input = { id: "1", [String(key)]: value };
    strictEqual((await failureOfCall(callIn(registry, "t/get", input))).code, "INVALID_INPUT");
  }
  strictEqual(service.requests.length, 1);
});

Deno.test("a secret that cannot be sent is told without it, and never in an error", async () => {
  const options = { ...BASE, auth: { type: "bearer" } } as const;
  const { operations } = await operationsFromOpenApi(documentOf(ONE), options);
  const registry = registryOf(operations, { t: "s3cret\r\nX-Evil: 1" });
  const error = await failureOfCall(callIn(registry, "t/get_a"));
  strictEqual(error.code, "INTERNAL");
  strictEqual(/s3cret/.test(error.message + JSON.stringify(error.details)), false);
});

Deno.test("paths that are more than a path are skipped", async () => {
  const { operations, skipped } = await operationsFromOpenApi(
    documentOf({
      "/ok": ONE["/a"],
      "/a?x=1": ONE["/a"],
      "/a\\..\\b": ONE["/a"],
      "/b#c": ONE["/a"],
      "/{missing}": ONE["/a"],
    }),
    BASE,
  );
  deepStrictEqual(operations.map(({ spec }) => spec.name), ["t/get_ok"]);
  strictEqual(skipped.length, 4);
});

Deno.test("patterns of a document are shown, and never run", async () => {
  const evil = { type: "string", pattern: "^(a+)+$" };
  const document = documentOf({
    "/a": {
      get: {
        operationId: "a",
        parameters: [{ name: "q", in: "query", schema: evil }],
        responses: { 200: json() },
      },
    },
  });
  const { operations } = await operationsFromOpenApi(document, BASE);
  match(JSON.stringify(operations[0]?.spec.inputSchema), /\(a\+\)\+/);
  const call = callIn(registryOf(operations), "t/a", { q: `${"a".repeat(60)}!` });
  strictEqual((await failureOfCall(call)).code, "HTTP_UNREACHABLE");
});

Deno.test("whatever the text, it is a document or an AdapterError", () => {
  const known = JSON.stringify(
    documentOf(ONE, { components: { schemas: { A: { type: "object" } } } }),
  );
  const mutated = fc.tuple(fc.nat(known.length), fc.nat(12), fc.string()).map((
    [at, length, text],
  ) => known.slice(0, at) + text + known.slice(at + length));
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string(), fc.json()), (text) => {
      try {
        readDocument(text, DEFAULT_DOCUMENT_LIMITS);
      } catch (error) {
        if (!(error instanceof AdapterError)) throw error;
      }
    }),
    { numRuns: 1_000 },
  );
});

// Written out again for the caller, such an answer would overflow the stack.
Deno.test("an answer that is too deep or has too many values is refused, in streams too", async () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const wide = `[${"0,".repeat(1_100_000)}0]`;
  await using service = startService(({ target }) => {
    if (target === "/events") {
      return new Response(`data: ${deep}\n\n`, {
        headers: { "content-type": "text/event-stream" },
      });
    }
    const headers = { "content-type": "application/json" };
    const status = target === "/no" ? 500 : 200;
    return new Response(target === "/wide" ? wide : deep, { headers, status });
  });
  const get = { get: { responses: { 200: json() } } };
  const events = { description: "", content: { "text/event-stream": {} } };
  const document = documentOf({
    "/deep": get,
    "/wide": get,
    "/no": get,
    "/events": { get: { responses: { 200: events } } },
  });
  const { operations } = await operationsFromOpenApi(document, { ...BASE, baseUrl: service.url });
  const registry = registryOf(operations);
  for (const name of ["deep", "wide", "no"]) {
    const { code } = await failureOfCall(callIn(registry, `t/get_${name}`));
    strictEqual(code, "HTTP_BAD_RESPONSE", name);
  }
  const read = Array.fromAsync(subscribeIn(registry, "t/get_events"));
  strictEqual((await failureOfCall(read)).code, "HTTP_BAD_RESPONSE");
});

/** Values with the keys that mean something to a reader of OpenAPI. */
const odd = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<unknown>(null, true, 0, "", "x", "object", "#", "#/components/schemas/A"),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        ...("$ref schema content in name style explode application/json text/event-stream 200 404 " +
          "requestBody responses parameters security properties items type oneOf not required " +
          "pattern patternProperties enum allOf readOnly $defs __proto__ constructor").split(" "),
      ),
      tie("value"),
      { maxKeys: 6 },
    ),
  ),
})).value;

Deno.test("whatever an operation's object holds, it is an operation or is refused", async () => {
  await fc.assert(
    fc.asyncProperty(odd, odd, async (operation, schema) => {
      const paths = { "/a/{id}": { get: operation, parameters: [schema] } };
      const document = documentOf(paths, { components: { schemas: { A: schema } } });
      const error = await operationsFromOpenApi(document, BASE).catch((reason) => reason);
      if (error instanceof Error && !(error instanceof AdapterError)) throw error;
    }),
    { numRuns: 500 },
  );
});

Deno.test("whatever the schemas and the input, a call ends with an output or a CallError", async () => {
  const answer = (schema: unknown) => ({
    description: "",
    content: { "application/json": { schema }, "text/event-stream": { schema } },
  });
  const fetch = () => Promise.resolve(Response.json({ a: 1 }));
  await fc.assert(
    fc.asyncProperty(odd, odd, fc.anything(), async (schema, other, value) => {
      const parameters = ["path", "query", "header", "cookie"]
        .map((place) => ({
          name: "p",
          in: place,
          required: place === "path",
          schema: { allOf: [schema] },
        }));
      const content = { "application/json": { schema: { anyOf: [other, schema] } } };
      const post = {
        parameters,
        requestBody: { content },
        responses: { 200: answer({ not: schema }) },
      };
      const document = documentOf({ "/a/{p}": { post } }, {
        components: { schemas: { A: other } },
      });
      const failed = await operationsFromOpenApi(document, { ...BASE, fetch })
        .then(async ({ operations, skipped }) => {
          strictEqual(operations.length + skipped.length > 0, true);
          const input = { p: value, "query.p": value, "header.p": value, body: value };
          for (const { spec } of operations.filter(({ spec }) => spec.type !== "subscription")) {
            await callIn(registryOf(operations, {}, false), spec.name, input);
          }
        }).catch((error) => error);
      if (failed === undefined || failed instanceof AdapterError) return;
      if (!(failed instanceof CallError) || failed.code === "INTERNAL") throw failed;
    }),
    { numRuns: 500 },
  );
});
