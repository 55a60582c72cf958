import { rejects, strictEqual, throws } from "node:assert/strict";

import fc from "fast-check";

import { ANYONE } from "./access.ts";
import type { CallRequest } from "./context.ts";
import { claimChain, type ForwardedFor, MAX_CLAIMS } from "./forwarded_for.ts";
import { operation } from "./operation.ts";
import { OperationRegistry } from "./operation_registry.ts";

function wire(via: readonly string[]): CallRequest {
  const { signal } = new AbortController();
  return { requestId: "r", signal, origin: "wire", via };
}

function registryOf(maxHops?: number): OperationRegistry {
  const registry = new OperationRegistry({
    nodeId: "me",
    ...(maxHops === undefined ? {} : { maxHops }),
  });
  registry.register([
    operation({ name: "once", access: ANYONE, handler: () => "ran" }),
    operation({
      name: "items",
      type: "subscription",
      access: ANYONE,
      async *handler() {
        yield "ran";
      },
    }),
  ]);
  return registry;
}

Deno.test("a request that has passed this node, or more than maxHops nodes, is refused", async () => {
  const passed = (count: number): string[] => Array.from({ length: count }, (_, n) => `n${n}`);
  const registry = registryOf();
  strictEqual(await registry.call("once", null, wire(passed(8))), "ran");
  for (const via of [passed(9), ["a", "me", "b"]]) {
    await rejects(registry.call("once", null, wire(via)), { code: "LOOP_DETECTED" });
    const items = registry.subscribe("items", null, wire(via));
    await rejects(Array.fromAsync(items), { code: "LOOP_DETECTED", retryable: false });
    // Nothing is told of what is not there either: the refusal comes first.
    await rejects(registry.call("none", null, wire(via)), { code: "LOOP_DETECTED" });
  }
  for (const bad of [-1, 1.5, 64, NaN]) throws(() => registryOf(bad), RangeError);
  await rejects(registryOf(1).call("once", null, wire(passed(2))), { code: "LOOP_DETECTED" });
});

Deno.test("a chain of claims is never longer than MAX_CLAIMS, whatever was claimed", () => {
  fc.assert(fc.property(fc.nat(40), (depth) => {
    let claim: ForwardedFor | undefined;
    for (let n = 0; n < depth; n++) {
      claim = { id: `${n}`, scopes: [], resources: {}, ...(claim ? { forwardedFor: claim } : {}) };
    }
    let length = 0;
    for (
      let each: ForwardedFor | undefined = claimChain(
        { id: "head", scopes: [], resources: {} },
        claim,
      );
      each;
      each = each.forwardedFor
    ) length++;
    strictEqual(length, Math.min(depth + 1, MAX_CLAIMS));
  }));
});
