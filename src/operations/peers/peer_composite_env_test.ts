import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";

import fc from "fast-check";

import { ANYONE } from "../access.ts";
import { AdapterError } from "../adapter_error.ts";
import type { CallRequest } from "../context.ts";
import { importedOperation } from "../imported_operation.ts";
import { type Operation, operation } from "../operation.ts";
import { OperationRegistry } from "../operation_registry.ts";
import { scopedEnv } from "../scoped_env.ts";
import { PeerCompositeEnv, PeerLimitError } from "./peer_composite_env.ts";
import { anyPeer, type PeerPolicy, type PeerRef, specificPeer } from "./peer_ref.ts";

function wire(): CallRequest {
  const { signal } = new AbortController();
  return { requestId: crypto.randomUUID(), signal, origin: "wire" };
}

/** An imported operation that answers with a word, or with what a promise comes to. */
function imported(name: string, answer: unknown): Operation {
  const { spec } = operation({ name, access: ANYONE, handler: () => null });
  return importedOperation(spec, { kind: "once", run: () => answer });
}

async function ask(env: PeerCompositeEnv, name: string, ref?: PeerRef): Promise<unknown> {
  return await env.find(name, ref)?.call(name, null, { ...wire(), origin: "internal" });
}

function threeWorkers(): PeerCompositeEnv {
  const env = new PeerCompositeEnv();
  for (const id of ["w1", "w2", "w3"]) env.attach(id, [imported("who", id)]);
  return env;
}

Deno.test("one name on three peers is routed by the peer's id", async () => {
  const env = threeWorkers();
  for (const id of ["w2", "w3", "w1"]) strictEqual(await ask(env, "who", specificPeer(id)), id);
  deepStrictEqual(env.serving("who"), ["w1", "w2", "w3"]);
});

Deno.test("a named peer that is unknown, detached or without the operation never falls through", () => {
  const env = threeWorkers();
  env.detach("w2");
  for (const id of ["w2", "nobody"]) {
    throws(() => env.find("who", specificPeer(id)), {
      code: "NOT_FOUND",
      message: `Peer not attached: ${id}`,
    });
  }
  strictEqual(env.find("other", specificPeer("w1")), undefined);
});

Deno.test("any() takes the first, each in turn, or the one with the fewest calls", async () => {
  const env = threeWorkers();
  const asked = async (policy: PeerPolicy): Promise<unknown[]> => {
    const answers: unknown[] = [];
    for (let n = 0; n < 5; n++) answers.push(await ask(env, "who", anyPeer({ policy })));
    return answers;
  };
  deepStrictEqual(await asked("first"), ["w1", "w1", "w1", "w1", "w1"]);
  deepStrictEqual(await asked("round-robin"), ["w1", "w2", "w3", "w1", "w2"]);
  const busy = new PeerCompositeEnv();
  const hold = Promise.withResolvers<string>();
  for (const id of ["w1", "w2"]) {
    busy.attach(id, [imported("who", id), imported("slow", hold.promise)]);
  }
  const slow = ask(busy, "slow", specificPeer("w1"));
  const least = anyPeer({ policy: "least-pending" });
  deepStrictEqual([await ask(busy, "who", least), await ask(busy, "who", least)], ["w2", "w2"]);
  deepStrictEqual(busy.peers().map(({ pending }) => pending), [1, 0]);
  hold.resolve("done");
  strictEqual(await slow, "done");
  deepStrictEqual(busy.peers().map(({ pending }) => pending), [0, 0]);
});

Deno.test("turns of one name do not disturb those of another", async () => {
  const env = new PeerCompositeEnv();
  for (const id of ["w1", "w2"]) env.attach(id, [imported("a", id), imported("b", id)]);
  const seen: unknown[] = [];
  for (let n = 0; n < 4; n++) {
    for (const name of ["a", "b"]) {
      seen.push(await ask(env, name, anyPeer({ policy: "round-robin" })));
    }
  }
  deepStrictEqual(seen, ["w1", "w1", "w2", "w2", "w1", "w1", "w2", "w2"]);
});

Deno.test("any() picks only among the peers it may", async () => {
  const env = threeWorkers();
  const among = (peer: string): boolean => peer !== "w1";
  strictEqual(await ask(env, "who", anyPeer({ among })), "w2");
  strictEqual(env.find("who", anyPeer({ among: () => false })), undefined);
});

Deno.test("a peer keeps its place when it is attached anew, and falls back to its older connection", async () => {
  const env = threeWorkers();
  const end = env.attach("w1", [imported("who", "w1 again")]);
  strictEqual(await ask(env, "who"), "w1 again");
  deepStrictEqual(env.peers().map(({ peer }) => peer), ["w1", "w2", "w3"]);
  end();
  strictEqual(await ask(env, "who"), "w1");
  end();
  deepStrictEqual(env.serving("who"), ["w1", "w2", "w3"]);
  env.detach("w1");
  env.attach("w1", [imported("who", "back")]);
  strictEqual(await ask(env, "who", specificPeer("w1")), "back");
});

Deno.test("the end of an old connection does not detach what came after a detach", () => {
  const env = new PeerCompositeEnv();
  const old = env.attach("w", [imported("who", 1)]);
  env.detach("w");
  env.attach("w", [imported("who", 2)]);
  old();
  deepStrictEqual(env.serving("who"), ["w"]);
});

Deno.test("one name twice on one peer is a collision, and nothing is attached", () => {
  const env = new PeerCompositeEnv();
  throws(
    () => env.attach("w", [imported("who", 1), imported("who", 2)]),
    (error) => error instanceof AdapterError && error.kind === "same-peer-collision",
  );
  deepStrictEqual(env.peers(), []);
});

Deno.test("maxPeers and maxOperationsPerPeer bound what is attached", () => {
  const env = new PeerCompositeEnv({ maxPeers: 1, maxOperationsPerPeer: 1 });
  throws(() => env.attach("w1", [imported("a", 1), imported("b", 1)]), PeerLimitError);
  env.attach("w1", [imported("a", 1)]);
  throws(() => env.attach("w2", [imported("a", 1)]), PeerLimitError);
  env.attach("w1", [imported("b", 1)]);
  deepStrictEqual(env.serving("b"), ["w1"]);
});

// The reference let a pinned name through and then looked it up among the unpinned ones again.
Deno.test("a pinned name is reached on its peer, end to end, and on no other", async () => {
  const env = threeWorkers();
  const registry = new OperationRegistry({ overlay: env });
  const root = operation({
    name: "root",
    input: { type: "string" },
    access: ANYONE,
    errors: { NOT_FOUND: {} },
    handler: (id, context) =>
      context.env.invoke("who", {}, { peer: id === "" ? anyPeer() : specificPeer(id) }),
  });
  registry.register(root, { reaches: scopedEnv({ pinned: { w2: ["who"] } }) });
  strictEqual(await registry.call("root", "w2", wire()), "w2");
  for (const id of ["w1", "", "nobody"]) {
    await rejects(registry.call("root", id, wire()), { code: "NOT_FOUND" });
  }
});

Deno.test("whatever is attached and ends in whatever order, the listing is what is open", () => {
  const step = fc.record({
    peer: fc.constantFrom("a", "b", "c"),
    act: fc.constantFrom("attach", "end", "detach"),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const env = new PeerCompositeEnv();
    const open = new Map<string, (() => void)[]>();
    for (const { peer, act } of steps) {
      const mine = open.get(peer) ?? [];
      open.set(peer, mine);
      if (act === "attach" && mine.length < 4) mine.push(env.attach(peer, [imported("x", peer)]));
      if (act === "end") mine.shift()?.();
      if (act === "detach") env.detach(peer), open.delete(peer);
    }
    const expected = [...open].filter(([, ends]) => ends.length > 0).map(([peer]) => peer);
    deepStrictEqual(env.serving("x").sort(), expected.sort());
  }));
});
