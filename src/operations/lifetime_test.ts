import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { ANYONE } from "./access.ts";
import { CallError } from "./call_error.ts";
import type { AbortPolicy, CallRequest, OperationContext } from "./context.ts";
import { operation } from "./operation.ts";
import { OperationRegistry } from "./operation_registry.ts";

function wire(more: Partial<CallRequest> = {}): CallRequest {
  return {
    requestId: crypto.randomUUID(),
    signal: new AbortController().signal,
    origin: "wire",
    ...more,
  };
}

/** Resolves when a signal is aborted. */
function over(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve(signal.reason);
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(signal.reason), { once: true })
  );
}

/** Lets everything that is ready run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("call() answers TIMEOUT at the deadline, whatever the handler does", async () => {
  const registry = new OperationRegistry();
  const never = Promise.withResolvers<never>();
  let seen: OperationContext | undefined;
  registry.register(operation({
    name: "hang",
    access: ANYONE,
    handler: (_, context) => {
      seen = context;
      return never.promise;
    },
  }));
  const deadlineMs = Date.now() + 30;
  await rejects(registry.call("hang", {}, wire({ deadlineMs })), { code: "TIMEOUT" });
  const lateMs = Date.now() - deadlineMs;
  ok(lateMs >= 0 && lateMs < 100, `${lateMs} ms late`);
  strictEqual(seen?.deadline, deadlineMs);
  strictEqual(seen?.signal.aborted, true);
});

Deno.test("call() ends with the caller's signal, and tells the handler", async () => {
  const registry = new OperationRegistry();
  const started = Promise.withResolvers<AbortSignal>();
  registry.register(operation({
    name: "hang",
    access: ANYONE,
    handler: (_, { signal }) => {
      started.resolve(signal);
      return new Promise(() => {});
    },
  }));
  const caller = new AbortController();
  const call = registry.call("hang", {}, wire({ signal: caller.signal }));
  const inside = await started.promise;
  caller.abort();
  await rejects(call, { code: "ABORTED" });
  strictEqual(inside.aborted, true);
  await rejects(registry.call("hang", {}, wire({ signal: caller.signal })), { code: "ABORTED" });
});

Deno.test("call() tells a transport's own reason, such as a lost connection", async () => {
  const registry = new OperationRegistry();
  registry.register(
    operation({ name: "hang", access: ANYONE, handler: () => new Promise(() => {}) }),
  );
  const signal = AbortSignal.abort(new CallError("ABORTED", "Connection lost"));
  await rejects(registry.call("hang", {}, wire({ signal })), { message: "Connection lost" });
});

Deno.test("subscribe() asks the handler for an item only when asked itself", async () => {
  const registry = new OperationRegistry();
  let made = 0;
  registry.register(operation({
    name: "count",
    type: "subscription",
    access: ANYONE,
    async *handler() {
      while (true) yield ++made;
    },
  }));
  const items = registry.subscribe("count", {}, wire())[Symbol.asyncIterator]();
  strictEqual(made, 0);
  for (let wanted = 1; wanted <= 3; wanted++) {
    deepStrictEqual(await items.next(), { done: false, value: wanted });
    await settled();
    strictEqual(made, wanted);
  }
  await items.return?.();
});

Deno.test("subscribe() stops the handler on break, on abort, and at the deadline", async () => {
  for (const how of ["break", "abort", "abort while waiting", "deadline"]) {
    const registry = new OperationRegistry();
    const stopped = Promise.withResolvers<void>();
    registry.register(operation({
      name: "tick",
      type: "subscription",
      access: ANYONE,
      async *handler(_, { signal }) {
        try {
          yield 1;
          await over(signal);
          signal.throwIfAborted();
        } finally {
          stopped.resolve();
        }
      },
    }));
    const caller = new AbortController();
    const deadline = how === "deadline" ? { deadlineMs: Date.now() + 20 } : {};
    const request = wire({ signal: caller.signal, ...deadline });
    const items = registry.subscribe("tick", {}, request)[Symbol.asyncIterator]();
    await items.next();
    if (how === "break") await items.return?.();
    if (how === "abort") caller.abort();
    if (how === "abort while waiting") {
      const next = items.next();
      caller.abort();
      await rejects(next, { code: "ABORTED" });
    }
    if (how === "deadline") await rejects(items.next(), { code: "TIMEOUT" });
    await stopped.promise;
  }
});

Deno.test("subscribe() ends with one error, and hides what is not declared", async () => {
  const registry = new OperationRegistry();
  registry.register(operation({
    name: "fail",
    type: "subscription",
    access: ANYONE,
    async *handler() {
      yield 1;
      throw new TypeError("s3cret");
    },
  }));
  const items = registry.subscribe("fail", {}, wire())[Symbol.asyncIterator]();
  await items.next();
  await rejects(Promise.resolve(items.next()), { code: "INTERNAL", message: "Internal error" });
  deepStrictEqual(await items.next(), { done: true, value: undefined });
});

/** A root that calls a child, which calls a grandchild; each waits for its signal or `release`. */
function family(policy: AbortPolicy): {
  registry: OperationRegistry;
  events: string[];
  started: Promise<void>;
  release(): void;
} {
  const registry = new OperationRegistry({});
  const events: string[] = [];
  const started = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  registry.register(
    operation({
      name: "root",
      access: ANYONE,
      handler: (_, { env }) => env.invoke("child", {}, { policy }),
    }),
    { reaches: ["child"] },
  );
  registry.register(
    operation({
      name: "child",
      access: ANYONE,
      async handler(_, { env, signal }) {
        started.resolve();
        await Promise.race([over(signal), released.promise]);
        events.push(signal.aborted ? "child aborted" : "child finished");
        const outcome = await env.invoke("grandchild", {}).catch((e: CallError) => e.code);
        events.push(`grandchild ${outcome}`);
      },
    }),
    { reaches: ["grandchild"] },
  );
  registry.register(operation({ name: "grandchild", access: ANYONE, handler: () => "ran" }));
  return { registry, events, started: started.promise, release: () => released.resolve() };
}

Deno.test("abort-dependents aborts what was started, and nothing new starts", async () => {
  const { registry, events, started } = family("abort-dependents");
  const caller = new AbortController();
  const call = registry.call("root", {}, wire({ signal: caller.signal }));
  await started;
  caller.abort();
  await rejects(call, { code: "ABORTED" });
  await settled();
  deepStrictEqual(events, ["child aborted", "grandchild ABORTED"]);
});

Deno.test("continue-running lets what was started finish, and nothing new starts", async () => {
  const { registry, events, started, release } = family("continue-running");
  const caller = new AbortController();
  const call = registry.call("root", {}, wire({ signal: caller.signal }));
  await started;
  caller.abort();
  await rejects(call, { code: "ABORTED" });
  release();
  await settled();
  deepStrictEqual(events, ["child finished", "grandchild ABORTED"]);
});

Deno.test("a call that ends aborts what it left running, unless that may continue", async () => {
  for (const policy of ["abort-dependents", "continue-running"] as const) {
    const registry = new OperationRegistry();
    const inside = Promise.withResolvers<OperationContext>();
    registry.register(
      operation({
        name: "root",
        access: ANYONE,
        async handler(_, { env }) {
          env.invoke("child", {}, { policy }).catch(() => {});
          await inside.promise;
        },
      }),
      { reaches: ["child"] },
    );
    const released = Promise.withResolvers<void>();
    const outcome = Promise.withResolvers<unknown>();
    registry.register(
      operation({
        name: "child",
        access: ANYONE,
        async handler(_, context) {
          inside.resolve(context);
          await released.promise;
          // What goes on may still call others: its parent was not aborted, it is done.
          outcome.resolve(context.env.invoke("leaf", {}).catch((e: CallError) => e.code));
        },
      }),
      { reaches: ["leaf"] },
    );
    registry.register(operation({ name: "leaf", access: ANYONE, handler: () => "ran" }));
    await registry.call("root", {}, wire());
    const { signal } = await inside.promise;
    strictEqual(signal.aborted, policy === "abort-dependents");
    released.resolve();
    strictEqual(await outcome.promise, policy === "abort-dependents" ? "ABORTED" : "ran");
  }
});

// The call below was told of the deadline first; to the operation above that was an undeclared
// error like any other, and its caller got INTERNAL.
Deno.test("a deadline that a composed call meets first is TIMEOUT for its caller too", async () => {
  const registry = new OperationRegistry();
  const never = Promise.withResolvers<never>();
  registry.register(operation({ name: "hang", access: ANYONE, handler: () => never.promise }));
  registry.register(
    operation({ name: "top", access: ANYONE, handler: (_, { env }) => env.invoke("hang", {}) }),
    { reaches: ["hang"] },
  );
  const request = wire({ deadlineMs: Date.now() + 30, keepsDeadline: true });
  await rejects(registry.call("top", {}, request), { code: "TIMEOUT", retryable: true });
});
