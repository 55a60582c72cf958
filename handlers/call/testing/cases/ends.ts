import { ANYONE, operation, OperationRegistry } from "@alknet/operations";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import type { CallComplianceCase } from "../compliance.ts";
import { Operations } from "../operations.ts";
import type { CallSource } from "../source.ts";
import { pause, until } from "../waiting.ts";
import { single } from "./case.ts";

/** How requests end before they are done: aborts, deadlines, lost connections. */
export const ENDS: readonly CallComplianceCase[] = [
  single("an abort before it is sent, while it runs and after it ended", async (pair) => {
    const { client, ops } = pair;
    await rejects(client.call("test/hang", null, { signal: AbortSignal.abort() }));
    const early = new AbortController();
    const sending = client.call("test/hang", null, { signal: early.signal });
    early.abort(); // nothing of it has left yet
    await rejects(sending, { name: "AbortError" });
    const running = new AbortController();
    const call = client.call("test/hang", null, { signal: running.signal });
    await until(() => ops.hanging === 1);
    running.abort(new DOMException("enough", "AbortError"));
    await rejects(call, { name: "AbortError", message: "enough" });
    await until(() => ops.hanging === 0);
    const late = new AbortController();
    strictEqual(await client.call("test/echo", 1, { signal: late.signal }), 1);
    late.abort();
    strictEqual(await client.call("test/echo", 2), 2);
    ok(ops.aborts.every((code) => code === "ABORTED"));
    strictEqual(client.pending, 0);
  }),
  single("an abort ends a subscription, at its start and between items", async (pair) => {
    const { client, ops } = pair;
    for (const taken of [0, 1, 5]) {
      const controller = new AbortController();
      const items = client.subscribe("sub/quiet", { count: taken }, { signal: controller.signal });
      for (let index = 0; index < taken; index++) strictEqual((await items.next()).value, index);
      const next = items.next().catch((error) => error.name);
      await until(() => ops.hanging === 1);
      controller.abort();
      strictEqual(await next, "AbortError");
      await until(() => ops.hanging === 0);
    }
    await until(() => ops.returned === 3);
  }),
  single("TIMEOUT comes within 100 ms of the deadline, and stops the handler", async (pair) => {
    const { client, ops } = pair;
    for (const timeoutMs of [50, 150]) {
      const clock = pause(timeoutMs).then(() => performance.now()); // as late as this machine is
      await rejects(client.call("test/hang", null, { timeoutMs }), { code: "TIMEOUT" });
      const lateMs = performance.now() - await clock;
      ok(Math.abs(lateMs) < 100, `${lateMs} ms after the deadline`);
      await until(() => ops.hanging === 0);
    }
    const ahead = (ops.seen[1]?.deadlineMs ?? 0) - Date.now();
    ok(Math.abs(ahead) < 2_000, `${ahead} ms`);
    const items = client.subscribe("sub/quiet", { count: 1 }, { timeoutMs: 50 });
    strictEqual((await items.next()).value, 0);
    await rejects(items.next(), { code: "TIMEOUT" });
    await until(() => ops.hanging === 0);
  }),
  single("a lost connection ends what runs on both sides", async (pair) => {
    const { client, server, ops } = pair;
    const lost = client.call("test/hang");
    const quiet = client.subscribe("sub/quiet", { count: 0 }).next();
    const failed = Promise.all([
      rejects(lost, { code: "UNAVAILABLE", retryable: true }),
      rejects(quiet, { code: "UNAVAILABLE" }),
    ]);
    await until(() => ops.hanging === 2);
    pair.cut();
    await failed;
    await until(() => ops.hanging === 0 && ops.returned === 1);
    deepStrictEqual(ops.aborts, ["UNAVAILABLE", "UNAVAILABLE"]);
    await rejects(client.call("test/echo"), { code: "UNAVAILABLE" });
    await rejects(server.call("test/echo"), { code: "UNAVAILABLE" });
  }),
  lostDownward(),
  ...["a signal", "a deadline", "a lost connection"].map(abortsTree),
];

function lostDownward(): CallComplianceCase {
  const dialled = new Operations();
  return single("a lost connection ends what the accepting side asked for", async (pair) => {
    const failed = rejects(pair.server.call("test/hang"), { code: "UNAVAILABLE" });
    await until(() => dialled.hanging === 1);
    pair.cut();
    await failed;
    await until(() => dialled.hanging === 0);
  }, { dialled });
}

function abortsTree(cause: string): CallComplianceCase {
  const run = async (source: CallSource): Promise<void> => {
    const { registry, log } = tree();
    await using pair = await source.connect({ dispatcher: registry });
    const controller = new AbortController();
    const options = { signal: controller.signal, timeoutMs: cause === "a deadline" ? 100 : 5_000 };
    const failed = rejects(pair.client.call("top", {}, options));
    await until(() => log.length === 3);
    if (cause === "a signal") controller.abort();
    if (cause === "a lost connection") pair.cut();
    await failed;
    await until(() => log.length === 6);
    deepStrictEqual(log.slice(3).sort(), ["bottom aborted", "middle aborted", "top aborted"]);
  };
  return { name: `${cause} aborts the whole tree below a request`, multiplexed: false, run };
}

/** Three operations, each of which waits for the next below it; the last one waits for ever. */
function tree(): { registry: OperationRegistry; log: string[] } {
  const log: string[] = [];
  const registry = new OperationRegistry();
  const node = (name: string, below?: string): void =>
    registry.register(
      operation({
        name,
        access: ANYONE,
        visibility: name === "top" ? "external" : "internal",
        async handler(_, { env, signal }): Promise<unknown> {
          log.push(`${name} runs`);
          signal.addEventListener("abort", () => log.push(`${name} aborted`));
          return below ? await env.invoke(below, {}) : await new Promise(() => {});
        },
      }),
      { reaches: below ? [below] : [] },
    );
  node("top", "middle");
  node("middle", "bottom");
  node("bottom");
  return { registry, log };
}
