import { ok, rejects, strictEqual } from "node:assert/strict";

import type { CallComplianceCase } from "../compliance.ts";
import type { CallClient } from "../../mod.ts";
import type { Operations } from "../operations.ts";
import { until } from "../waiting.ts";
import { single } from "./case.ts";

/** What a peer can make the other side hold. */
export const LIMITS: readonly CallComplianceCase[] = [
  single(
    "10,000 requests meet the limit of the connection, and may be tried again",
    ({ client, ops }) => flood(client, ops, 100),
    { limits: { maxRequests: 100 } },
  ),
  single(
    "10,000 requests meet the limit of the identity, and may be tried again",
    ({ client, ops }) => flood(client, ops, 50),
    { limits: { maxRequestsPerIdentity: 50 } },
  ),
  single("a subscription over the limit leaves calls alone", async ({ client, ops }) => {
    const items = [0, 1, 2].map(() => client.subscribe("sub/count"));
    await items[0]?.next();
    await items[1]?.next();
    await rejects(async () => await items[2]?.next(), {
      code: "RESOURCE_EXHAUSTED",
      retryable: true,
    });
    strictEqual(await client.call("test/echo", 1), 1);
    for (const each of items) await each.return();
    await until(() => ops.returned === 2);
    strictEqual((await client.subscribe("sub/count").next()).value, 0);
  }, { limits: { maxSubscriptions: 2 } }),
  single("a handler that ignores its signal keeps its place", async ({ client, ops }) => {
    for (let index = 1; index <= 2; index++) {
      const controller = new AbortController();
      const failed = rejects(client.call("test/deaf", null, { signal: controller.signal }));
      await until(() => ops.hanging === index);
      controller.abort();
      await failed;
    }
    await rejects(client.call("test/deaf"), { code: "RESOURCE_EXHAUSTED" });
    strictEqual(ops.hanging, 2);
  }, { limits: { maxRequests: 2 } }),
];

async function flood(client: CallClient, ops: Operations, limit: number): Promise<void> {
  const controller = new AbortController();
  const options = { signal: controller.signal, timeoutMs: 60_000 };
  const before = Deno.memoryUsage();
  let refused = 0;
  const calls = Array.from(
    { length: 10_000 },
    () =>
      client.call("test/hang", null, options).catch((error) => {
        if (error.code === "RESOURCE_EXHAUSTED" && error.retryable) refused++;
      }),
  );
  await until(() => refused === 10_000 - limit);
  strictEqual(ops.hanging, limit);
  const after = Deno.memoryUsage();
  const grownMb = (after.heapUsed + after.external - before.heapUsed - before.external) / 1e6;
  ok(grownMb < 100, `${grownMb} MB`);
  controller.abort();
  await Promise.all(calls);
  await until(() => ops.hanging === 0);
  strictEqual(await client.call("test/echo", "well"), "well");
}
