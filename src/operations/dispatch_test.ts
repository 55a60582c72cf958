import { deepStrictEqual, ok, rejects, strictEqual, throws } from "node:assert/strict";

import type { Identity } from "@alknet/core";
import fc from "fast-check";

import { type AccessControl, ANYONE } from "./access.ts";
import { CallError } from "./call_error.ts";
import { Capabilities } from "./capabilities.ts";
import type { CallRequest } from "./context.ts";
import { OperationConflictError, OperationDefinitionError } from "./errors.ts";
import { importedOperation } from "./imported_operation.ts";
import { operation } from "./operation.ts";
import { OperationRegistry } from "./operation_registry.ts";
import type { StandardSchema } from "./standard_schema.ts";

const ci: Identity = { id: "ci", scopes: ["a:r"], resources: {} };

function wire(more: Partial<CallRequest> = {}): CallRequest {
  return {
    requestId: crypto.randomUUID(),
    signal: new AbortController().signal,
    origin: "wire",
    ...more,
  };
}

function failsWith(code: string, more: object = {}): object {
  return { name: "CallError", code, ...more };
}

async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}

Deno.test("call() tells of an unknown and of an internal operation alike", async () => {
  const registry = new OperationRegistry();
  registry.register(
    operation({ name: "hidden", visibility: "internal", access: ANYONE, handler: () => 1 }),
  );
  const unknown = await registry.call("other", {}, wire()).catch((error: unknown) => error);
  const hidden = await registry.call("hidden", {}, wire()).catch((error: unknown) => error);
  ok(unknown instanceof CallError && hidden instanceof CallError);
  strictEqual(hidden.message.replace("hidden", "other"), unknown.message);
  deepStrictEqual({ ...hidden }, { ...unknown });
  strictEqual(await registry.call("hidden", {}, wire({ origin: "internal" })), 1);
});

Deno.test("call() takes a name with one slash in front", async () => {
  const registry = new OperationRegistry();
  registry.register(operation({ name: "fs/read", access: ANYONE, handler: () => 1 }));
  strictEqual(await registry.call("/fs/read", {}, wire()), 1);
  await rejects(registry.call("//fs/read", {}, wire()), failsWith("NOT_FOUND"));
});

Deno.test("call() refuses in order: not found, forbidden, type, input, deadline", async () => {
  let ran = 0;
  const registry = new OperationRegistry();
  registry.register(operation({
    name: "a",
    input: { type: "number" },
    access: { requiredScopes: ["a:w"] },
    handler: () => ran++,
  }));
  registry.register(operation({
    name: "s",
    type: "subscription",
    input: { type: "number" },
    access: { requiredScopes: ["a:r"] },
    async *handler() {},
  }));
  const late = wire({ identity: ci, deadlineMs: Date.now() - 1 });
  const allowed = { ...late, identity: { ...ci, scopes: ["a:w"] } };
  await rejects(registry.call("none", "bad", late), failsWith("NOT_FOUND"));
  await rejects(registry.call("a", "bad", late), failsWith("FORBIDDEN"));
  await rejects(registry.call("s", "bad", late), failsWith("INVALID_OPERATION_TYPE"));
  await rejects(
    collect(registry.subscribe("a", "bad", allowed)),
    failsWith("INVALID_OPERATION_TYPE"),
  );
  await rejects(registry.call("a", "bad", allowed), failsWith("INVALID_INPUT"));
  await rejects(registry.call("a", 1, allowed), failsWith("TIMEOUT", { retryable: true }));
  strictEqual(ran, 0);
});

Deno.test("call() says where an input does not fit", async () => {
  const registry = new OperationRegistry();
  const input = { type: "object", properties: { n: { type: "integer" } } } as const;
  registry.register(operation({ name: "a", input, access: ANYONE, handler: () => 1 }));
  await rejects(
    registry.call("a", { n: "x" }, wire()),
    failsWith("INVALID_INPUT", {
      details: { issues: [{ path: "/n", message: "must be integer" }] },
    }),
  );
});

// A caller that left the id out got the check for lists, "owns anything of the type", instead.
Deno.test("call() takes no missing resource id for permission to act on any", async () => {
  const ownership = {
    owns: (_: Identity, __: string, id: string) => id === "mine",
    ownedResources: () => ["mine"],
    ownsAny: () => true,
  };
  const registry = new OperationRegistry({ ownership });
  const access = { requiredScopes: ["a:r"], resourceType: "container" };
  registry.register(
    operation({ name: "stop", resourceIdPath: "$.id", access, handler: () => "stopped" }),
  );
  const request = wire({ identity: ci });
  strictEqual(await registry.call("stop", { id: "mine" }, request), "stopped");
  await rejects(registry.call("stop", { id: "theirs" }, request), failsWith("FORBIDDEN"));
  for (const input of [{}, null, { id: 1 }, { id: "" }]) {
    await rejects(registry.call("stop", input, request), failsWith("INVALID_INPUT"));
  }
  // Whoever may not at all learns nothing of what is missing.
  await rejects(registry.call("stop", {}, wire()), failsWith("FORBIDDEN"));
});

Deno.test("call() counts a claim of a forwarder for nothing", async () => {
  const registry = new OperationRegistry();
  const admin = { id: "admin", scopes: ["*"], resources: {} };
  const access = { requiredScopes: ["a:r"] };
  registry.register(
    operation({ name: "a", access, handler: (_, { forwardedFor }) => forwardedFor?.id }),
  );
  await rejects(registry.call("a", {}, wire({ forwardedFor: admin })), failsWith("FORBIDDEN"));
  const request = wire({ identity: ci, forwardedFor: admin });
  strictEqual(await registry.call("a", {}, request), "admin");
});

Deno.test("call() passes declared errors with details that fit, and hides all others", async () => {
  const registry = new OperationRegistry();
  const thrown: Record<string, unknown> = {
    declared: new CallError("GONE", "It is gone", { details: { id: "x" }, retryable: true }),
    wrongDetails: new CallError("GONE", "It is gone", { details: { id: 1, secret: "s3cret" } }),
    undeclared: new CallError("OTHER", "s3cret"),
    protocol: new CallError("NOT_FOUND", "s3cret"),
    plain: new TypeError("s3cret"),
    text: "s3cret",
  };
  registry.register(operation({
    name: "a",
    input: { type: "string" },
    access: ANYONE,
    errors: {
      GONE: { schema: { type: "object", properties: { id: { type: "string" } } } },
    },
    handler: (which) => {
      throw thrown[which];
    },
  }));
  await rejects(
    registry.call("a", "declared", wire()),
    failsWith("GONE", { message: "It is gone", details: { id: "x" }, retryable: true }),
  );
  for (const which of Object.keys(thrown).slice(1)) {
    const error = await registry.call("a", which, wire()).catch((error: unknown) => error);
    ok(error instanceof CallError);
    strictEqual(error.code, "INTERNAL");
    strictEqual(error.retryable, false);
    deepStrictEqual(Object.keys(Object(error.details)), ["correlationId"]);
    strictEqual(`${error.message}${JSON.stringify(error)}${error.cause}`.includes("s3cret"), false);
  }
});

Deno.test("call() checks outputs when asked", async () => {
  const bad: unknown = () => 1;
  for (const [validateOutput, code] of [[true, "INTERNAL"], [false, undefined]] as const) {
    const registry = new OperationRegistry({ validateOutput });
    // deno-lint-ignore no-explicit-any -- what the types forbid is what is tested
    const handler = bad as any;
    registry.register(
      operation({ name: "a", output: { type: "string" }, access: ANYONE, handler }),
    );
    const result = await registry.call("a", {}, wire()).catch((error: unknown) => error);
    strictEqual(result instanceof CallError ? result.code : undefined, code);
  }
});

Deno.test("call() gives the handler what a library made of the input, and fails with it", async () => {
  const registry = new OperationRegistry();
  const schema = (validate: () => { value: Date }): StandardSchema<string, Date> => ({
    "~standard": { version: 1, vendor: "test", validate },
  });
  const input = schema(() => ({ value: new Date(7) }));
  registry.register(operation({ name: "a", input, access: ANYONE, handler: (d) => d.getTime() }));
  const broken = schema(() => {
    throw new TypeError("s3cret");
  });
  registry.register(operation({ name: "b", input: broken, access: ANYONE, handler: () => 1 }));
  strictEqual(await registry.call("a", "x", wire()), 7);
  await rejects(
    registry.call("b", "x", wire()),
    failsWith("INTERNAL", { message: "Internal error" }),
  );
});

Deno.test("call() hands a handler its own secrets, and the request", async () => {
  const registry = new OperationRegistry();
  const get = operation({
    name: "a",
    access: ANYONE,
    handler: (_, { capabilities, metadata, requestId, caller }) => [
      capabilities.has("key") && capabilities.take("key"),
      metadata["alpn"],
      requestId,
      caller?.id,
    ],
  });
  registry.register(get, { capabilities: new Capabilities({ key: "k" }) });
  const request = wire({ requestId: "r1", identity: ci, metadata: { alpn: "alknet/call" } });
  deepStrictEqual(await registry.call("a", {}, request), ["k", "alknet/call", "r1", "ci"]);
});

Deno.test("register() refuses a name twice, and then adds none of the lot", () => {
  const registry = new OperationRegistry();
  const define = (name: string): ReturnType<typeof operation> =>
    operation({ name, access: ANYONE, handler: () => 1 });
  registry.register(define("a"));
  throws(() => registry.register([define("b"), define("a")]), OperationConflictError);
  throws(() => registry.register([define("c"), define("c")]), OperationConflictError);
  deepStrictEqual(registry.list().map(({ name }) => name), ["a"]);
});

Deno.test("register() refuses a handler of the wrong kind made by hand", () => {
  const made = operation({ name: "a", handler: () => 1 });
  const wrong = { ...made, handler: { kind: "stream", async *run() {} } } as const;
  throws(() => new OperationRegistry().register(wrong), OperationDefinitionError);
});

Deno.test("unregisterLayer() removes what one source brought, and nothing else", () => {
  const registry = new OperationRegistry();
  const define = (name: string): ReturnType<typeof operation> =>
    operation({ name, access: ANYONE, handler: () => 1 });
  registry.register(define("local"));
  registry.registerLayer("peer:w1", [define("w1/a"), define("w1/b")]);
  strictEqual(registry.unregisterLayer("peer:w1"), 2);
  strictEqual(registry.kindOf("w1/a"), undefined);
  strictEqual(registry.kindOf("local"), "mutation");
  strictEqual(registry.unregister("local"), true);
  strictEqual(registry.unregister("local"), false);
});

Deno.test("list() and schema() show what an identity may call, and nothing else", () => {
  const registry = new OperationRegistry();
  const handler = (): number => 1;
  registry.register([
    operation({ name: "b/open", access: ANYONE, handler }),
    operation({ name: "a/scoped", access: { requiredScopes: ["a:r"] }, handler }),
    operation({ name: "c/hidden", visibility: "internal", access: ANYONE, handler }),
    operation({ name: "d/closed", handler }),
  ]);
  deepStrictEqual(registry.list().map(({ name }) => name), ["b/open"]);
  deepStrictEqual(registry.list(ci).map(({ name }) => name), ["a/scoped", "b/open"]);
  strictEqual(registry.schema("/a/scoped", ci).namespace, "a");
  for (const name of ["a/scoped", "c/hidden", "d/closed", "e"]) {
    throws(() => registry.schema(name), failsWith("NOT_FOUND"));
  }
});

Deno.test("an imported operation passes codes of the protocol on, and is not for the wire", async () => {
  const remote = operation({ name: "w/a", access: ANYONE, handler: () => 1 }).spec;
  const registry = new OperationRegistry();
  registry.registerLayer("peer:w1", [importedOperation(remote, {
    kind: "once",
    run: () => Promise.reject(new CallError("FORBIDDEN", "missing required scope: x:y")),
  })]);
  await rejects(registry.call("w/a", {}, wire({ identity: ci })), failsWith("NOT_FOUND"));
  await rejects(registry.call("w/a", {}, wire({ origin: "internal" })), failsWith("FORBIDDEN"));
});

Deno.test("no call reaches a handler without the scopes it wants", async () => {
  const scope = fc.constantFrom<string>("a:r", "a:w", "b:r");
  const accesses = fc.record({
    requiredScopes: fc.array(scope),
    requiredScopesAny: fc.array(scope),
  }, {
    requiredKeys: [],
  });
  await fc.assert(fc.asyncProperty(fc.array(scope), accesses, async (scopes, access) => {
    const registry = new OperationRegistry();
    const given: AccessControl = access;
    registry.register(operation({ name: "a", access: given, handler: () => "ran" }));
    const identity = { id: "x", scopes, resources: {} };
    const outcome = await registry.call("a", {}, wire({ identity })).catch(() => "refused");
    const expected = (given.requiredScopes ?? []).every((each) => scopes.includes(each)) &&
      (given.requiredScopesAny?.some((each) => scopes.includes(each)) ?? true);
    strictEqual(outcome, expected ? "ran" : "refused");
  }));
});
