import { ANYONE, operation, OperationRegistry } from "@alknet/operations";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import { connectCall } from "./mod.ts";
import { served, until } from "./testdata/support.ts";

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

const CAUSES = ["a signal", "a deadline", "a lost connection"] as const;

for (const cause of CAUSES) {
  Deno.test(`${cause} aborts the whole tree below a request`, async () => {
    const { registry, log } = tree();
    await using node = served({}, { dispatcher: registry });
    const controller = new AbortController();
    const client = connectCall(node.conn);
    const options = { signal: controller.signal, timeoutMs: cause === "a deadline" ? 50 : 5_000 };
    const call = client.call("top", {}, options);
    const failed = rejects(call);
    await until(() => log.length === 3);
    if (cause === "a signal") controller.abort();
    if (cause === "a lost connection") node.conn.close();
    await failed;
    await until(() => log.length === 6);
    deepStrictEqual(log.slice(3).sort(), ["bottom aborted", "middle aborted", "top aborted"]);
  });
}

Deno.test("what is internal is not there for the wire, called or subscribed to", async () => {
  const { registry } = tree();
  await using node = served({}, { dispatcher: registry });
  const client = connectCall(node.conn);
  for (const name of ["middle", "nowhere"]) {
    await rejects(client.call(name, {}), { code: "NOT_FOUND" });
    await rejects(client.subscribe(name, {}).next(), { code: "NOT_FOUND" });
  }
  await rejects(client.subscribe("top", {}).next(), { code: "INVALID_OPERATION_TYPE" });
  strictEqual(client.pending, 0);
});
