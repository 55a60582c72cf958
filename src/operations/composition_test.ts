import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import type { Identity } from "@alknet/core";
import fc from "fast-check";

import { ANYONE } from "./access.ts";
import { Capabilities } from "./capabilities.ts";
import type { CallRequest, Dispatcher, OperationContext } from "./context.ts";
import { importedOperation } from "./imported_operation.ts";
import { operation } from "./operation.ts";
import { OperationRegistry } from "./operation_registry.ts";
import type { OperationGrants } from "./registration.ts";
import { specificPeer } from "./peers/peer_ref.ts";
import { scopedEnv } from "./scoped_env.ts";

const user: Identity = { id: "user", scopes: ["a:w", "root:call"], resources: {} };

function wire(more: Partial<CallRequest> = {}): CallRequest {
  return {
    requestId: crypto.randomUUID(),
    signal: new AbortController().signal,
    origin: "wire",
    ...more,
  };
}

/** A registry whose `root` calls `child`, which wants a scope. */
function registryOf(grants: OperationGrants, childGrants: OperationGrants = {}): OperationRegistry {
  const registry = new OperationRegistry();
  const access = { requiredScopes: ["a:w"] };
  const root = operation({
    name: "root",
    access: { requiredScopes: ["root:call"] },
    errors: { FORBIDDEN: {}, NOT_FOUND: {} },
    handler: (_, { env }) => env.invoke("child", {}),
  });
  registry.register(root, { reaches: ["child"], ...grants });
  registry.register(
    operation({ name: "child", visibility: "internal", access, handler: () => "ran" }),
    childGrants,
  );
  return registry;
}

const worker: Identity = { id: "root-worker", scopes: ["a:w"], resources: {} };

Deno.test("env.invoke() runs on the composing operation's authority", async () => {
  const request = wire({ identity: { ...user, scopes: ["root:call"] } });
  strictEqual(await registryOf({ authority: worker }).call("root", {}, request), "ran");
});

// The reference let a child vouch for itself: it checked the child's own authority.
Deno.test("env.invoke() gives a child no credit for its own authority", async () => {
  const registry = registryOf({}, { authority: worker });
  await rejects(registry.call("root", {}, wire({ identity: user })), { code: "FORBIDDEN" });
});

// The reference ran imported operations, called from a root handler, on the wire caller's scopes.
Deno.test("env.invoke() never runs on the scopes of the caller at the root", async () => {
  await rejects(registryOf({}).call("root", {}, wire({ identity: user })), { code: "FORBIDDEN" });
  const registry = new OperationRegistry();
  const remote = operation({
    name: "w/wipe",
    access: { requiredScopes: ["a:w"] },
    handler: () => 1,
  });
  let ran = false;
  registry.registerLayer("peer:w", [
    importedOperation(remote.spec, { kind: "once", run: () => ran = true }),
  ]);
  const root = operation({
    name: "root",
    access: ANYONE,
    errors: { FORBIDDEN: {} },
    handler: (_, { env }) => env.invoke("w/wipe", {}),
  });
  registry.register(root, { reaches: ["w/wipe"] });
  await rejects(registry.call("root", {}, wire({ identity: user })), { code: "FORBIDDEN" });
  strictEqual(ran, false);
});

Deno.test("env.invoke() finds nothing that was not given, before anything else", async () => {
  const registry = registryOf({ authority: worker, reaches: ["other"] });
  await rejects(registry.call("root", {}, wire({ identity: user })), { code: "NOT_FOUND" });
});

Deno.test("env.invoke() hands on deadline, way and caller with its claim, but no claim of its own, metadata or secrets", async () => {
  const registry = new OperationRegistry();
  let seen: OperationContext | undefined;
  registry.register(
    operation({ name: "root", access: ANYONE, handler: (_, { env }) => env.invoke("child", {}) }),
    { reaches: ["child"], authority: worker, capabilities: new Capabilities({ key: "k" }) },
  );
  const child = operation({
    name: "child",
    access: ANYONE,
    handler: (_, context) => {
      seen = context;
    },
  });
  registry.register(child);
  const deadlineMs = Date.now() + 10_000;
  const claimed = { id: "ada", scopes: [], resources: {} };
  await registry.call(
    "root",
    {},
    wire({
      requestId: "r",
      identity: user,
      forwardedFor: claimed,
      via: ["n"],
      metadata: { a: 1 },
      deadlineMs,
    }),
  );
  strictEqual(seen?.parentId, "r");
  strictEqual(seen?.identity, worker);
  deepStrictEqual(seen?.caller, { ...user, forwardedFor: claimed });
  deepStrictEqual(seen?.via, ["n"]);
  strictEqual(seen?.forwardedFor, undefined);
  deepStrictEqual(seen?.metadata, {});
  strictEqual(seen?.deadline, deadlineMs);
  strictEqual(seen?.capabilities.has("key"), false);
});

Deno.test("env.invoke() can give up earlier than the parent", async () => {
  const registry = new OperationRegistry();
  const root = operation({
    name: "root",
    access: ANYONE,
    handler: (_, { env }) =>
      env.invoke("hang", {}, { timeoutMs: 10 }).catch((error: { code: string }) => error.code),
  });
  registry.register(root, { reaches: ["hang"] });
  registry.register(
    operation({ name: "hang", access: ANYONE, handler: () => new Promise(() => {}) }),
  );
  strictEqual(await registry.call("root", {}, wire()), "TIMEOUT");
});

Deno.test("env.subscribe() streams, and stops with its consumer", async () => {
  const registry = new OperationRegistry();
  let stopped = false;
  registry.register(operation({
    name: "numbers",
    type: "subscription",
    visibility: "internal",
    access: ANYONE,
    async *handler() {
      try {
        for (let n = 1;; n++) yield n;
      } finally {
        stopped = true;
      }
    },
  }));
  const doubled = operation({
    name: "doubled",
    type: "subscription",
    access: ANYONE,
    async *handler(_, { env }) {
      for await (const n of env.subscribe("numbers", {})) yield Number(n) * 2;
    },
  });
  registry.register(doubled, { reaches: ["numbers"] });
  const seen: unknown[] = [];
  for await (const item of registry.subscribe("doubled", {}, wire())) {
    seen.push(item);
    if (seen.length === 3) break;
  }
  deepStrictEqual(seen, [2, 4, 6]);
  await Promise.resolve();
  strictEqual(stopped, true);
});

Deno.test("env.invoke() asks the peer that is named, and no other", async () => {
  const peers: Record<string, Dispatcher> = Object.fromEntries(["w1", "w2"].map((id) => {
    const registry = new OperationRegistry();
    registry.register(operation({ name: "who", access: ANYONE, handler: () => id }));
    return [id, registry];
  }));
  const overlay = {
    find(name: string, peer = specificPeer("w1")): Dispatcher | undefined {
      const found = peers[peer.kind === "specific" ? peer.id : "w1"];
      return found?.kindOf(name) ? found : undefined;
    },
  };
  const registry = new OperationRegistry({ overlay });
  const root = operation({
    name: "root",
    input: { type: "array", items: { type: "string" } },
    access: ANYONE,
    errors: { NOT_FOUND: {} },
    handler: ([name = "", peer], { env }) =>
      env.invoke(name, {}, peer ? { peer: specificPeer(peer) } : {}),
  });
  const reaches = scopedEnv({ operations: ["who", "root"], pinned: { w2: ["pinned"] } });
  registry.register(root, { reaches });
  strictEqual(await registry.call("root", ["who"], wire()), "w1");
  strictEqual(await registry.call("root", ["who", "w2"], wire()), "w2");
  await rejects(registry.call("root", ["who", "w3"], wire()), {
    code: "NOT_FOUND",
    message: "Operation not found: who on peer w3",
  });
  // A named peer never falls through to this node, which has `root`.
  await rejects(registry.call("root", ["root", "w1"], wire()), { code: "NOT_FOUND" });
  await rejects(registry.call("root", ["pinned", "w1"], wire()), { code: "NOT_FOUND" });
});

Deno.test("no chain of calls reaches a scope that a gate on the way did not check", async () => {
  const scope = fc.constantFrom("a:r", "b:r", "c:r");
  const links = fc.array(fc.record({ wants: scope, authority: fc.array(scope) }), {
    minLength: 1,
    maxLength: 5,
  });
  await fc.assert(fc.asyncProperty(fc.array(scope), links, async (scopes, chain) => {
    const registry = new OperationRegistry();
    const reached: number[] = [];
    chain.forEach(({ wants, authority }, index) => {
      const next = `op${index + 1}`;
      const made = operation({
        name: `op${index}`,
        access: { requiredScopes: [wants] },
        async handler(_, { env }) {
          reached.push(index);
          if (index + 1 < chain.length) await env.invoke(next, {}).catch(() => {});
        },
      });
      const identity = { id: `op${index}`, scopes: authority, resources: {} };
      registry.register(made, { reaches: [next], authority: identity });
    });
    await registry.call("op0", {}, wire({ identity: { ...user, scopes } })).catch(() => {});
    const held = [scopes, ...chain.map(({ authority }) => authority)];
    const firstGate = chain.findIndex(({ wants }, index) => !held[index]?.includes(wants));
    strictEqual(reached.length, firstGate === -1 ? chain.length : firstGate);
  }));
});
