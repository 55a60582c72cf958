import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import type { CallComplianceCase } from "../compliance.ts";
import { pause, until } from "../waiting.ts";
import { single } from "./case.ts";

/** Subscriptions, and how they are slowed down. */
export const SUBSCRIPTIONS: readonly CallComplianceCase[] = [
  single("subscribe() yields every item, then the end or the error", async ({ client }) => {
    const items = await Array.fromAsync(client.subscribe("sub/count", { count: 1_000 }));
    deepStrictEqual(items, Array.from({ length: 1_000 }, (_, index) => index));
    const got: unknown[] = [];
    await rejects(async () => {
      for await (const item of client.subscribe("sub/fail", { count: 3 })) got.push(item);
    }, { code: "BROKEN" });
    deepStrictEqual(got, [0, 1, 2]);
    await rejects(client.subscribe("test/echo").next(), { code: "INVALID_OPERATION_TYPE" });
    strictEqual(client.pending, 0);
  }),
  single("a slow consumer holds the producer back", async ({ client, ops }) => {
    const items = client.subscribe("sub/count", {}, { windowItems: 16 });
    for (let expected = 0; expected < 40; expected++) {
      strictEqual((await items.next()).value, expected);
      await pause(1);
    }
    await pause(20);
    ok(ops.produced <= 40 + 16, `${ops.produced} produced`);
    strictEqual(await client.call("test/echo", "meanwhile"), "meanwhile");
    await items.return();
    await until(() => ops.returned === 1);
  }),
  single("a window of bytes bounds large items", async ({ client, ops }) => {
    const items = client.subscribe("sub/count", { size: 30_000 }, { windowBytes: 100_000 });
    await items.next();
    await pause(30);
    ok(ops.produced <= 8, `${ops.produced} produced`);
    await items.return();
  }),
  single("an item larger than the window still gets through", async ({ client }) => {
    const input = { size: 50_000, count: 4 };
    const items = client.subscribe("sub/count", input, { windowBytes: 1_000 });
    strictEqual((await Array.fromAsync(items)).length, 4);
  }),
  single("calls pass a subscription nobody reads, on the same stream", async ({ client }) => {
    const options = { stream: "shared", windowItems: 32 } as const;
    const items = client.subscribe("sub/count", { size: 1_000 }, options);
    await items.next();
    await pause(10);
    const inputs = Array.from({ length: 100 }, (_, index) => index);
    deepStrictEqual(
      await Promise.all(inputs.map((input) => client.call("test/echo", input))),
      inputs,
    );
    await items.return();
  }),
  single("a subscription that yields nothing holds up no call behind it", async (pair) => {
    const { client, ops } = pair;
    const items = client.subscribe("sub/quiet", { count: 0 }, { stream: "shared" });
    const first = items.next().catch((error) => error);
    await until(() => ops.hanging === 1);
    strictEqual(await client.call("test/echo", "behind"), "behind");
    await client[Symbol.asyncDispose]();
    await first;
    await until(() => ops.hanging === 0);
  }),
  single("leaving the loop stops the producer, wherever it is", async ({ client, ops }) => {
    for await (const item of client.subscribe("sub/count")) if (item === 3) break;
    await until(() => ops.returned === 1 && ops.aborts.length === 1);
    const options = { windowItems: 1 };
    for await (const _ of client.subscribe("sub/count", {}, options)) break; // waits for credit
    await until(() => ops.returned === 2);
    for await (const _ of client.subscribe("sub/quiet", { count: 1 })) break; // waits for itself
    await until(() => ops.returned === 3 && ops.hanging === 0);
    strictEqual(client.pending, 0);
  }),
  single("a subscription that was never begun is not there", async ({ client, ops }) => {
    const items = client.subscribe("sub/count");
    await items.return();
    await client.call("test/echo");
    strictEqual(ops.seen.length, 1);
  }),
];
