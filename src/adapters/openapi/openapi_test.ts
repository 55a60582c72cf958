import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { AdapterError, type Operation } from "@alknet/operations";

import {
  callIn,
  documentOf,
  failureOfCall,
  json,
  registryOf,
  type Service,
  startService,
  subscribeIn,
} from "../testdata/support.ts";
import { type OpenApiOptions, operationsFromOpenApi } from "./operations_from_openapi.ts";

const PETS = `
openapi: 3.0.3
info: { title: Pets, version: "1" }
servers: [{ url: /api }]
security: [{ token: [] }]
paths:
  /pets:
    get:
      operationId: listPets
      summary: All pets
      parameters:
        - { name: limit, in: query, schema: { type: integer, maximum: 100 } }
        - { name: tag, in: query, schema: { type: array, items: { type: string } } }
      responses:
        "200":
          description: ok
          content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Pet" } } } }
    post:
      operationId: addPet
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } }
      responses:
        "201": { description: made, content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } } }
        "409":
          description: taken
          content: { application/json: { schema: { type: object, properties: { name: { type: string } }, required: [name] } } }
  /pets/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
    delete:
      operationId: removePet
      responses: { "204": { description: gone }, "404": { description: none } }
    get:
      responses:
        "200": { description: ok, content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } } }
components:
  securitySchemes: { token: { type: http, scheme: bearer } }
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        id: { type: integer, readOnly: true }
        name: { type: string }
        tag: { type: string, nullable: true }
        parent: { $ref: "#/components/schemas/Pet" }
`;

function petService(): Service {
  return startService(({ method, target, body }) => {
    if (target === "/openapi.yaml") return new Response(PETS);
    if (method === "GET" && target === "/api/pets/7") return Response.json({ id: 7, name: "Rex" });
    if (method === "GET") return Response.json([{ id: 7, name: "Rex", tag: null }]);
    if (method === "DELETE") {
      return new Response(null, { status: target.endsWith("/7") ? 204 : 404 });
    }
    const { name } = JSON.parse(body);
    if (name === "Rex") return Response.json({ name }, { status: 409 });
    return Response.json({ id: 8, name }, { status: 201 });
  });
}

async function operationsOf(
  document: Record<string, unknown>,
  options: Partial<OpenApiOptions> = {},
): Promise<readonly Operation[]> {
  const { operations, skipped } = await operationsFromOpenApi(document, {
    namespace: "t",
    baseUrl: "http://127.0.0.1:9",
    ...options,
  });
  deepStrictEqual(skipped, []);
  return operations;
}

Deno.test("a document at a URL becomes operations with types, schemas and errors", async () => {
  await using service = petService();
  const url = new URL("openapi.yaml", service.url);
  const { operations, skipped } = await operationsFromOpenApi(url, { namespace: "pets" });
  deepStrictEqual(skipped, []);
  deepStrictEqual(
    operations.map(({ spec }) => [spec.name, spec.type, spec.idempotent, spec.visibility]),
    [
      ["pets/listPets", "query", true, "internal"],
      ["pets/addPet", "mutation", false, "internal"],
      ["pets/get_pets_id", "query", true, "internal"],
      ["pets/removePet", "mutation", true, "internal"],
    ],
  );
  const [list, add] = operations;
  strictEqual(list?.spec.description, "All pets");
  const { code, httpStatus } = add?.spec.errorSchemas[0] ?? {};
  deepStrictEqual({ code, httpStatus }, { code: "HTTP_409", httpStatus: 409 });
  match(JSON.stringify(add?.spec.outputSchema), /"\$defs":\{"Pet".*"type":\["string","null"\]/);
});

Deno.test("calls become requests with the credential, answers become outputs", async () => {
  await using service = petService();
  const url = new URL("openapi.yaml", service.url);
  const { operations } = await operationsFromOpenApi(url, { namespace: "pets" });
  const registry = registryOf(operations, { pets: "s3cret" });
  deepStrictEqual(await callIn(registry, "pets/listPets", { limit: 2, tag: ["a&b", "c"] }), [
    { id: 7, name: "Rex", tag: null },
  ]);
  deepStrictEqual(await callIn(registry, "pets/addPet", { body: { name: "Ada" } }), {
    id: 8,
    name: "Ada",
  });
  deepStrictEqual(await callIn(registry, "pets/get_pets_id", { id: "7" }), { id: 7, name: "Rex" });
  strictEqual(await callIn(registry, "pets/removePet", { id: "7" }), null);
  const [, listed, added] = service.requests;
  strictEqual(listed?.target, "/api/pets?limit=2&tag=a%26b&tag=c");
  strictEqual(listed?.headers.get("authorization"), "Bearer s3cret");
  strictEqual(added?.headers.get("content-type"), "application/json");
});

Deno.test("inputs that do not fit are refused before anything is sent", async () => {
  await using service = petService();
  const url = new URL("openapi.yaml", service.url);
  const { operations } = await operationsFromOpenApi(url, { namespace: "pets" });
  const registry = registryOf(operations);
  const wrong: [string, unknown][] = [
    ["pets/listPets", { limit: 101 }],
    ["pets/listPets", { other: 1 }],
    ["pets/addPet", {}],
    ["pets/addPet", { body: { name: 1 } }],
    ["pets/addPet", { body: { name: "a", parent: { name: 2 } } }],
    ["pets/removePet", {}],
    ["pets/removePet", { id: "" }],
    ["pets/removePet", { id: ".." }],
    ["pets/removePet", null],
  ];
  for (const [name, input] of wrong) {
    const { code } = await failureOfCall(callIn(registry, name, input));
    strictEqual(code, "INVALID_INPUT", `${name} ${JSON.stringify(input)}`);
  }
  strictEqual(service.requests.length, 1);
});

Deno.test("declared statuses become errors of their own, others HTTP_ERROR", async () => {
  await using service = petService();
  const url = new URL("openapi.yaml", service.url);
  const { operations } = await operationsFromOpenApi(url, { namespace: "pets" });
  const registry = registryOf(operations);
  const taken = await failureOfCall(callIn(registry, "pets/addPet", { body: { name: "Rex" } }));
  deepStrictEqual([taken.code, taken.details], ["HTTP_409", { name: "Rex" }]);
  const none = await failureOfCall(callIn(registry, "pets/removePet", { id: "8" }));
  strictEqual(none.code, "HTTP_404");
});

Deno.test("an undeclared status, a lie about JSON and a closed port have codes of their own", async () => {
  await using service = startService(({ target }) =>
    target === "/busy"
      ? new Response("later", { status: 503 })
      : new Response("{", { headers: { "content-type": "application/json" } })
  );
  const get = { get: { responses: { 200: json() } } };
  const document = documentOf({ "/busy": get, "/lie": get });
  const registry = registryOf(await operationsOf(document, { baseUrl: service.url }));
  const busy = await failureOfCall(callIn(registry, "t/get_busy"));
  deepStrictEqual([busy.code, busy.details, busy.retryable], [
    "HTTP_ERROR",
    { status: 503, body: "later" },
    true,
  ]);
  strictEqual((await failureOfCall(callIn(registry, "t/get_lie"))).code, "HTTP_BAD_RESPONSE");
  const closed = registryOf(await operationsOf(document, { baseUrl: closedPort() }));
  const gone = await failureOfCall(callIn(closed, "t/get_lie"));
  deepStrictEqual([gone.code, gone.retryable], ["HTTP_UNREACHABLE", true]);
});

Deno.test("an event stream is a subscription; where JSON is offered too there are both", async () => {
  const events = { "text/event-stream": { schema: { type: "object" } } };
  await using service = startService(({ headers }) =>
    headers.get("accept") === "text/event-stream"
      ? new Response('data: {"n":1}\n\n: note\n\ndata: {"n":\ndata: 2}\n\ndata: [DONE]\n\n', {
        headers: { "content-type": "text/event-stream; charset=utf-8" },
      })
      : Response.json({ n: 0 })
  );
  const both = { description: "ok", content: { ...json().content as object, ...events } };
  const document = documentOf({
    "/both": { post: { operationId: "both", responses: { 200: both } } },
    "/only": {
      get: { operationId: "only", responses: { 200: { description: "", content: events } } },
    },
  });
  const operations = await operationsOf(document, { baseUrl: service.url });
  deepStrictEqual(operations.map(({ spec }) => [spec.name, spec.type]), [
    ["t/both", "mutation"],
    ["t/both.events", "subscription"],
    ["t/only", "subscription"],
  ]);
  const registry = registryOf(operations);
  deepStrictEqual(await callIn(registry, "t/both"), { n: 0 });
  const items = await Array.fromAsync(subscribeIn(registry, "t/only"));
  deepStrictEqual(items, [{ n: 1 }, { n: 2 }, "[DONE]"]);
});

Deno.test("a consumer that stops, and a caller that gives up, end the request", async () => {
  const ended = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  await using service = startService(({ target, signal }) => {
    if (target !== "/events") {
      began.resolve();
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(new Response(null, { status: 204 })));
      });
    }
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
      cancel: () => ended.resolve(),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const stream = { description: "", content: { "text/event-stream": {} } };
  const registry = registryOf(
    await operationsOf(
      documentOf({
        "/events": { get: { responses: { 200: stream } } },
        "/slow": { get: { responses: { 200: json() } } },
      }),
      { baseUrl: service.url },
    ),
  );
  for await (const item of subscribeIn(registry, "t/get_events")) {
    strictEqual(item, 1);
    break;
  }
  await ended.promise;
  const stop = new AbortController();
  const call = failureOfCall(callIn(registry, "t/get_slow", {}, { signal: stop.signal }));
  await began.promise;
  stop.abort();
  strictEqual((await call).code, "ABORTED");
  // The service answers only when the request is aborted: its shutdown would hang if nobody did.
});

Deno.test("the deadline and the service's own time limit answer TIMEOUT", async () => {
  await using service = startService(({ signal }) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(new Response(null, { status: 204 })));
    })
  );
  const document = documentOf({ "/slow": { get: { responses: { 200: json() } } } });
  const quick = registryOf(await operationsOf(document, { baseUrl: service.url, timeoutMs: 20 }));
  strictEqual((await failureOfCall(callIn(quick, "t/get_slow"))).code, "TIMEOUT");
  const patient = registryOf(await operationsOf(document, { baseUrl: service.url }));
  const deadline = callIn(patient, "t/get_slow", {}, { deadlineMs: Date.now() + 20 });
  strictEqual((await failureOfCall(deadline)).code, "TIMEOUT");
});

Deno.test("an answer larger than the limit is not read to its end", async () => {
  await using service = startService(() => new Response("x".repeat(100_000)));
  const document = documentOf({ "/big": { get: { responses: { 200: { description: "" } } } } });
  const options = { baseUrl: service.url, maxResponseBytes: 10_000 };
  const registry = registryOf(await operationsOf(document, options));
  const { code, message } = await failureOfCall(callIn(registry, "t/get_big"));
  strictEqual(code, "HTTP_BAD_RESPONSE");
  match(message, /more than 10000 bytes/);
});

Deno.test("a document that cannot be had or read tells which", async () => {
  await using service = startService(({ target }) =>
    target === "/private"
      ? new Response(null, { status: 401 })
      : new Response("a: [b", { status: 200 })
  );
  const kind = async (source: URL | string): Promise<string> => {
    const failed = operationsFromOpenApi(source, { namespace: "t", baseUrl: "http://127.0.0.1:9" });
    const error = await failed.catch((reason) => reason);
    ok(error instanceof AdapterError, String(error));
    return error.kind;
  };
  strictEqual(await kind(new URL("private", service.url)), "unauthorized");
  strictEqual(await kind(new URL("broken", service.url)), "schema-parse");
  strictEqual(await kind(new URL("file:///etc/passwd")), "discovery-failed");
  strictEqual(await kind(closedPort()), "transport");
  strictEqual(await kind('{"swagger":"2.0"}'), "schema-parse");
  await rejects(operationsFromOpenApi(documentOf({}), { namespace: "t" }), /give a base URL/);
});

/** A port that was just given back. */
function closedPort(): URL {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return new URL(`http://127.0.0.1:${listener.addr.port}/`);
}
