import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";

import { ANYONE, CallError, operation } from "@alknet/operations";

import { SAMPLES, testWeb } from "../testdata/web.ts";
import { shownError } from "./call.ts";
import { problemOf } from "./call_problem.ts";

Deno.test("a caller finds what it may call, and its schema", async () => {
  using web = testWeb(SAMPLES);
  const found = async (path: string, token: string) =>
    (await (await web.ask(path, { token })).json()).operations.map(({ name }: { name: string }) =>
      name
    );
  deepStrictEqual(await found("/search", "ada"), ["count/up", "door/open", "math/add"]);
  deepStrictEqual(await found("/search", "bob"), ["count/up", "math/add"]);
  deepStrictEqual(await found("/search?q=NUMBERS", "bob"), ["math/add"]);
  const schema = await (await web.ask("/schema?name=/math/add", { token: "bob" })).json();
  deepStrictEqual(schema.inputSchema.required, ["a", "b"]);
  strictEqual((await web.ask("/schema?name=door/open", { token: "bob" })).status, 404);
  strictEqual((await web.ask("/schema", { token: "bob" })).status, 400);
});

Deno.test("POST /call and /op call an operation, with and without an envelope", async () => {
  using web = testWeb(SAMPLES);
  const json = { operation: "/math/add", input: { a: 1, b: 2 } };
  const called = await web.ask("/call", { token: "ada", json });
  const { requestId, output } = await called.json();
  strictEqual(output, 3);
  strictEqual(requestId, called.headers.get("x-request-id"));
  const bare = await web.ask("/op/math/add", { token: "ada", json: { a: 1, b: 2 } });
  strictEqual(await bare.json(), 3);
});

Deno.test("GET /op asks a query by its parameters, and never runs a mutation", async () => {
  using web = testWeb(SAMPLES);
  strictEqual(await (await web.ask("/op/math/add?a=1&b=2.5", { token: "bob" })).json(), 3.5);
  const input = encodeURIComponent('{"a":1,"b":-1}');
  strictEqual(await (await web.ask(`/op/math/add?input=${input}`, { token: "bob" })).json(), 0);
  const wrong = await web.ask("/op/math/add?a=one&b=2", { token: "bob" });
  strictEqual(wrong.status, 422);
  const refused = await web.ask("/op/door/open", { token: "ada" });
  strictEqual(refused.status, 405);
  strictEqual(refused.headers.get("allow"), "POST");
  strictEqual((await web.ask("/op/door/open", { token: "bob" })).status, 404);
});

Deno.test("POST /batch runs calls that use the results of others", async () => {
  using web = testWeb(SAMPLES);
  const response = await web.ask("/batch", {
    token: "bob",
    json: [
      { operation: "math/add", input: { a: 1, b: 2 } },
      { id: "six", operation: "math/add", input: { a: { $ref: "#/0" }, b: { $ref: "#/0" } } },
      { operation: "door/open" },
      { operation: "math/add", input: { a: { $ref: "#/2" }, b: 1 } },
    ],
  });
  const { results } = await response.json();
  deepStrictEqual(results[0], { id: "0", status: 200, output: 3 });
  deepStrictEqual(results[1], { id: "six", status: 200, output: 6 });
  strictEqual(results[2].status, 403);
  strictEqual(results[3].status, 424);
  strictEqual(results[3].error.code, "DEPENDENCY_FAILED");
});

Deno.test("a batch that is too long, or no batch, is refused as a whole", async () => {
  using web = testWeb(SAMPLES, { limits: { maxBatchItems: 2 } });
  const ask = async (json: unknown) => (await web.ask("/batch", { token: "bob", json })).status;
  const one = { operation: "math/add", input: { a: 1, b: 2 } };
  strictEqual(await ask([one, one, one]), 422);
  strictEqual(await ask({ calls: [one] }), 400);
  strictEqual(await ask([{ ...one, id: 7 }]), 400);
  strictEqual(await ask([one, { ...one, id: "0" }]), 422);
});

const FAILING = operation({
  name: "fail",
  input: { type: "object" },
  access: ANYONE,
  errors: {
    JAMMED: { httpStatus: 409 },
    WORN: {},
    ODD: { httpStatus: 200 },
    RESOURCE_EXHAUSTED: {},
    UNAVAILABLE: {},
    HTTP_418: {},
    NOT_FOUND: {},
  },
  handler: (input) => {
    const { code, details, retryable } = input as { code: string; details: unknown } & {
      retryable?: boolean;
    };
    if (code === "throw") throw new TypeError("the password is swordfish");
    throw new CallError(code, "As you wished", { details, retryable: retryable ?? false });
  },
});

Deno.test("each error has its status, and a body that says no more than it should", async () => {
  using web = testWeb([FAILING]);
  const ask = (json: unknown) => web.ask("/op/fail", { token: "bob", json });
  const statuses: Record<string, number> = {
    JAMMED: 409,
    WORN: 500,
    ODD: 500,
    RESOURCE_EXHAUSTED: 429,
    UNAVAILABLE: 503,
    HTTP_418: 418,
    NOT_FOUND: 404,
    UNDECLARED: 500,
    throw: 500,
  };
  for (const [code, status] of Object.entries(statuses)) {
    const response = await ask({ code });
    strictEqual(response.status, status, code);
    strictEqual(response.headers.get("content-type"), "application/problem+json");
    const problem = await response.json();
    strictEqual(problem.status, status);
    if (code === "throw" || code === "UNDECLARED") {
      strictEqual(problem.code, "INTERNAL");
      match(problem.details.correlationId, /^[\da-f-]{36}$/);
    } else deepStrictEqual([problem.code, problem.message], [code, "As you wished"]);
  }
});

Deno.test("an error that says when to come back is told as Retry-After", async () => {
  using web = testWeb([FAILING]);
  const after = async (json: unknown) =>
    (await web.ask("/op/fail", { token: "bob", json })).headers.get("retry-after");
  const wait = { retryAfterSeconds: 6.5 };
  strictEqual(await after({ code: "RESOURCE_EXHAUSTED", details: wait }), "7");
  strictEqual(await after({ code: "RESOURCE_EXHAUSTED", details: { retryAfterSeconds: -1 } }), "1");
  strictEqual(await after({ code: "UNAVAILABLE", retryable: true }), "1");
  strictEqual(await after({ code: "UNAVAILABLE" }), null);
  strictEqual(await after({ code: "WORN" }), null);
});

Deno.test("a call ends after the time its caller gives it, or when the caller leaves", async () => {
  const hang = operation({ name: "hang", access: ANYONE, handler: () => new Promise(() => {}) });
  using web = testWeb([hang], { limits: { maxTimeoutMs: 50 } });
  for (const time of ["20", "99999"]) {
    const headers = { "x-timeout-ms": time };
    const late = await web.ask("/op/hang", { token: "bob", json: {}, headers });
    strictEqual(late.status, 504);
    strictEqual((await late.json()).retryable, true);
  }
  using hurried = testWeb([hang], { limits: { defaultTimeoutMs: 20 } });
  strictEqual((await hurried.ask("/op/hang", { token: "bob", json: {} })).status, 504);
  for (const time of ["0", "-1", "1e3", "", "soon", "9999999999"]) {
    const headers = { "x-timeout-ms": time };
    const wrong = await web.ask("/op/hang", { token: "bob", json: {}, headers });
    strictEqual(wrong.status, 400, time);
  }
  const leaving = new AbortController();
  const left = web.ask("/op/hang", { token: "bob", json: {}, signal: leaving.signal });
  leaving.abort();
  strictEqual((await left).status, 499);
});

Deno.test("a subscription cannot be called, and what is none cannot be subscribed to", async () => {
  using web = testWeb(SAMPLES);
  const called = await web.ask("/call", { token: "bob", json: { operation: "count/up" } });
  strictEqual(called.status, 400);
  strictEqual((await called.json()).code, "INVALID_OPERATION_TYPE");
  const subscribed = await web.ask("/subscribe?operation=math/add", { token: "bob" });
  strictEqual(subscribed.status, 400);
});

// A caller that wrote `timeoutMs` into the body was believed to have set a deadline; nothing read it.
Deno.test("members that nobody reads are refused by name, and the place of the deadline is told", async () => {
  using web = testWeb(SAMPLES);
  const call = { operation: "math/add", input: { a: 1, b: 2 } };
  const asked: [path: string, json: unknown][] = [
    ["/call", { ...call, timeoutMs: 5 }],
    ["/call", { ...call, resumable: true }],
    ["/call", { ...call, id: "a" }],
    ["/batch", [call, { ...call, id: "a", timeoutMs: 5 }]],
    ["/subscribe", { operation: "count/up", timeoutMs: 5 }],
  ];
  for (const [path, json] of asked) {
    const response = await web.ask(path, { token: "ada", json });
    strictEqual(response.status, 400, path);
    const { code, detail } = await response.json();
    strictEqual(code, "INVALID_REQUEST");
    match(detail, /^Unknown members "(timeoutMs|resumable|id)": .* header x-timeout-ms /);
  }
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => ["x".repeat(n), n]));
  const { detail } = await (await web.ask("/call", { token: "ada", json: { ...many, ...call } }))
    .json();
  ok(detail.length < 1_000);
  const good = { operation: "count/up", input: { to: 1 }, resumable: true };
  const events = await web.ask("/subscribe", { token: "ada", json: good });
  match(await events.text(), /data: 1/);
});

// What JSON cannot hold failed as a defect of the node; nested 100,000 deep, /op answered and /call
// did not.
Deno.test("an output that cannot be sent is INTERNAL on every route, and harms nothing else", async () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const outputs: Record<string, () => unknown> = {
    arrays: () => nested(100_000, (value) => [value]),
    objects: () => nested(100_000, (a) => ({ a })),
    barely: () => nested(1_001, (value) => [value]),
    fits: () => nested(990, (value) => [value]),
    cycle: () => cycle,
    bigint: () => 1n,
  };
  const handler = (name: unknown): unknown => outputs[String(name)]?.();
  using web = testWeb([
    operation({ name: "deep", type: "query", access: ANYONE, handler }),
    operation({
      name: "deeps",
      type: "subscription",
      access: ANYONE,
      async *handler(name) {
        yield handler(name);
      },
    }),
  ]);
  for (const input of Object.keys(outputs)) {
    const fits = input === "fits";
    const call = { operation: "deep", input };
    for (
      const [path, json] of [["/op/deep", input], ["/call", call], ["/batch", [call]]] as const
    ) {
      const response = await web.ask(path, { token: "ada", json });
      const said = await response.text();
      strictEqual(response.status, fits ? 200 : 500, `${path} ${input}`);
      if (!fits) strictEqual(JSON.parse(said).detail, "Output cannot be sent", `${path} ${input}`);
    }
    const events = await (await web.ask("/op/deeps", { token: "ada", json: input })).text();
    match(events, fits ? /data: \[\[/ : /event: error\ndata: .*"Output cannot be sent"/);
  }
  strictEqual((await web.ask("/op/deep", { token: "ada", json: "else" })).status, 200);
});

Deno.test("an error whose details cannot be sent is told without them", () => {
  const details = nested(100_000, (value) => [value]);
  const error = new CallError("UNAVAILABLE", "Later", { details });
  const problem = problemOf(error, { identity: undefined, spec: undefined });
  deepStrictEqual([problem.status, problem.message, problem.details], [503, "Later", undefined]);
  deepStrictEqual(shownError(error), { code: "UNAVAILABLE", message: "Later", retryable: false });
});

function nested(levels: number, wrap: (value: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}
