import type { Identity } from "@alknet/core";
import {
  ANYONE,
  CallError,
  type CallRequest,
  importedOperation,
  type Operation,
  operation,
  OperationRegistry,
  PeerCompositeEnv,
} from "@alknet/operations";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import { mayCallPeers, PEER_GRANTS, peerOperations } from "./peer_operations.ts";

function withScopes(...scopes: string[]): Identity {
  return { id: "ada", scopes, resources: {} };
}

function request(identity?: Identity): CallRequest {
  const { signal } = new AbortController();
  const who = identity ? { identity } : {};
  return { requestId: crypto.randomUUID(), signal, origin: "wire", ...who };
}

function imported(name: string, run: () => unknown): Operation {
  return importedOperation(
    operation({ name, access: { requiredScopes: ["disk:read"] }, handler: run }).spec,
    { kind: "once", run },
  );
}

function nodeWith(...peers: string[]): OperationRegistry {
  const env = new PeerCompositeEnv();
  for (const peer of peers) {
    const items = operation({
      name: "disk/watch",
      type: "subscription",
      access: ANYONE,
      async *handler() {},
    });
    env.attach(peer, [
      imported("disk/free", () => peer),
      imported("disk/fail", () => {
        throw new CallError("RESOURCE_EXHAUSTED", "Too much", { retryable: true });
      }),
      importedOperation(items.spec, {
        kind: "stream",
        async *run() {
          yield* [peer, peer];
        },
      }),
    ]);
  }
  const registry = new OperationRegistry({ overlay: env, validateOutput: true });
  registry.register(peerOperations(env), PEER_GRANTS);
  return registry;
}

const FREE = { operation: "disk/free" };

Deno.test("peers/call reaches the peer that is named, under a scope for it or for all", async () => {
  const registry = nodeWith("w1", "w2");
  for (const scope of ["*", "peers:call", "peers:*", "peers:call:w2"]) {
    const input = { ...FREE, peer: "w2" };
    strictEqual(await registry.call("peers/call", input, request(withScopes(scope))), "w2");
  }
});

// The scopes of the caller for the operation itself do not count here, and do not help either.
Deno.test("peers/call refuses a peer that no scope names, whether it is attached or not", async () => {
  const registry = nodeWith("w1", "w2");
  for (
    const who of [undefined, withScopes("disk:read", "peers:read"), withScopes("peers:call:w2")]
  ) {
    for (const peer of ["w1", "w9"]) {
      const call = registry.call("peers/call", { ...FREE, peer }, request(who));
      await rejects(call, { code: "FORBIDDEN" });
    }
  }
  await rejects(registry.call("peers/call", FREE, request(withScopes("disk:read"))), {
    code: "FORBIDDEN",
  });
});

Deno.test("peers/call picks only among the peers that the caller may call", async () => {
  const registry = nodeWith("w1", "w2", "w3");
  const who = withScopes("peers:call:w2", "peers:call:w3");
  const seen: unknown[] = [];
  for (let n = 0; n < 4; n++) seen.push(await registry.call("peers/call", FREE, request(who)));
  deepStrictEqual(seen, ["w2", "w3", "w2", "w3"]);
  const first = { ...FREE, policy: "first" };
  strictEqual(await registry.call("peers/call", first, request(who)), "w2");
  const none = registry.call("peers/call", FREE, request(withScopes("peers:call:w9")));
  await rejects(none, { code: "NOT_FOUND", message: "Operation not found: disk/free on any peer" });
});

Deno.test("a detached peer and what a peer answers are told as they are", async () => {
  const registry = nodeWith("w1");
  const who = withScopes("peers:call");
  await rejects(registry.call("peers/call", { ...FREE, peer: "w9" }, request(who)), {
    code: "NOT_FOUND",
    message: "Peer not attached: w9",
  });
  const failing = { operation: "disk/fail", peer: "w1" };
  await rejects(registry.call("peers/call", failing, request(who)), {
    code: "RESOURCE_EXHAUSTED",
    retryable: true,
  });
  const watch = { operation: "disk/watch" };
  await rejects(registry.call("peers/call", watch, request(who)), {
    code: "INVALID_OPERATION_TYPE",
  });
  const items = registry.subscribe("peers/subscribe", watch, request(who));
  deepStrictEqual(await Array.fromAsync(items), ["w1", "w1"]);
  const wrong = { ...FREE, policy: "best" };
  await rejects(registry.call("peers/call", wrong, request(who)), { code: "INVALID_INPUT" });
});

Deno.test("services/list-peers shows the peers that the caller may call", async () => {
  const registry = nodeWith("w1", "w2");
  const shown = async (who?: Identity): Promise<unknown> => {
    const listed = await registry.call("services/list-peers", {}, request(who));
    return Array.isArray(listed) ? listed.map(({ peer }) => peer) : listed;
  };
  deepStrictEqual(await shown(withScopes("peers:call")), ["w1", "w2"]);
  deepStrictEqual(await shown(withScopes("peers:call:w2")), ["w2"]);
  deepStrictEqual(await shown(), []);
  strictEqual(mayCallPeers(withScopes("peers:call:w2")), true);
  strictEqual(mayCallPeers(withScopes("peers:callers:x", "peers:read")), false);
});
