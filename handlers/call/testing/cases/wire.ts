import fc from "fast-check";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import type { EventEnvelope } from "../../mod.ts";
import type { CallComplianceCase } from "../compliance.ts";
import { request } from "../raw_lane.ts";
import type { RawEnvelopes } from "../source.ts";
import { until } from "../waiting.ts";
import { answer, byHand, codeOf, severalStreams } from "./case.ts";

const TYPES = ["requested", "responded", "completed", "aborted", "error", "credit", "later"];

/** Envelopes of every type with any payload; none hangs for ever. */
const ANYTHING: fc.Arbitrary<EventEnvelope> = fc.record({
  type: fc.constantFrom(...TYPES.map((type) => `call.${type}`)),
  id: fc.string({ minLength: 1, maxLength: 2 }),
  payload: fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.record({
      operationId: fc.constantFrom("/test/echo", "/test/throw", "sub/count", "x"),
      input: fc.constant({ count: 3 }),
      mode: fc.constantFrom("call", "subscribe", 7, null),
      credit: fc.jsonValue({ maxDepth: 1 }),
      "timeout_ms": fc.constantFrom(1, 20, -1, "1", 1e300),
    }, { requiredKeys: ["operationId", "input", "timeout_ms"] }),
  ),
}, { noNullPrototype: true });

/** What goes over the wire, with one end played by hand. */
export const WIRE: readonly CallComplianceCase[] = [
  byHand("requests run beside each other, whatever came before them", async ({ open }) => {
    const lane = await open();
    await lane.send(
      request("s", "sub/quiet", { input: { count: 1 } }),
      request("h", "test/hang"),
      request("e", "test/echo", { input: "now" }),
    );
    const first = [await lane.next(), await lane.next()].map((each) => each?.id).sort();
    deepStrictEqual(first, ["e", "s"]);
  }),
  byHand("a live id used again ends both requests with one DUPLICATE_ID", async (pair) => {
    const lane = await pair.open();
    for (const name of ["test/hang", "sub/quiet"]) {
      const input = { count: 0 };
      await lane.send(request("1", name, { input }), request("1", "test/echo"));
      strictEqual(codeOf(await lane.next()), "DUPLICATE_ID");
      await until(() => pair.ops.hanging === 0);
      await lane.send(request("1", "test/echo", { input: "free again" }));
      deepStrictEqual(await lane.next(), answer("1", "free again"));
    }
  }),
  byHand("an abort that overtakes its request is not lost", async ({ open, ops }) => {
    const lane = await open();
    await lane.send({ type: "call.aborted", id: "1", payload: {} }, request("1", "test/hang"));
    await lane.send(request("2", "test/echo", { input: 2 }));
    deepStrictEqual(await lane.next(), answer("2", 2));
    strictEqual(ops.hanging, 0);
  }),
  byHand("an aborted request is silent, and its id is free", async ({ open, ops }) => {
    const lane = await open();
    await lane.send(request("1", "test/hang"));
    await until(() => ops.hanging === 1);
    await lane.send({ type: "call.aborted", id: "1", payload: {} });
    await until(() => ops.hanging === 0);
    await lane.send(request("1", "test/echo", { input: 2 }));
    deepStrictEqual(await lane.next(), answer("1", 2));
  }),
  // Over QUIC 19,000 items left before anything else ran: there was room for them.
  byHand("a producer that never waits lets others have their turn", async ({ open, ops }) => {
    const lane = await open();
    await lane.send(request("1", "sub/count"));
    let most = 0;
    for (let turn = 0; turn < 200 || ops.produced === 0; turn++) {
      const before = ops.produced;
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, ops.produced - before);
    }
    ok(most <= 200, `${most} items were produced in one turn`);
  }),
  byHand("the answering side keeps the deadline by itself", async ({ open, ops }) => {
    const lane = await open();
    await lane.send(request("1", "test/hang", { timeout_ms: 50 }));
    strictEqual(codeOf(await lane.next()), "TIMEOUT");
    await until(() => ops.hanging === 0);
  }),
  byHand("what is no envelope ends its stream with a code and stops what it asked", garbage),
  byHand("2,000 envelopes of any content leave the node serving", async ({ open }) => {
    const lane = await open();
    for (const event of fc.sample(ANYTHING, { numRuns: 2_000, seed: 11 })) await lane.send(event);
    await lane.send(request("the end", "test/echo", { input: 1 }));
    for (let event = await lane.next(); event?.id !== "the end"; event = await lane.next());
  }),
  severalStreams(byHand("an answer counts on whatever stream it comes", async (pair) => {
    const { server, open, accept } = pair;
    const call = server.call("a", 1);
    const asked = await (await accept()).next();
    const other = await open();
    await other.send(answer(asked?.id ?? "", "elsewhere"));
    strictEqual(await call, "elsewhere");
  })),
  severalStreams(byHand("a half-closed stream gets its answers, then its end", async (pair) => {
    const lane = await pair.open();
    await lane.send(
      request("1", "test/echo", { input: 1 }),
      request("2", "sub/count", { input: { count: 2 } }),
    );
    await lane.end();
    const seen: string[] = [];
    for (let event = await lane.next(); event; event = await lane.next()) {
      seen.push(`${event.id} ${event.type}`);
    }
    strictEqual(seen.length, 4);
    strictEqual(seen.filter((each) => each === "2 call.completed").length, 1);
  })),
  severalStreams(byHand("a stream that ends before the answer fails its call", async (pair) => {
    const call = pair.server.call("a");
    const failed = rejects(call, { code: "UNAVAILABLE", retryable: true });
    const lane = await pair.accept();
    await lane.next();
    await lane.end();
    await failed;
  })),
  severalStreams(byHand("what is no envelope harms no other stream", async (pair) => {
    const neighbour = await pair.open();
    await neighbour.send(request("n", "test/hang"));
    await until(() => pair.ops.hanging === 1);
    await (await pair.open()).sendGarbage();
    await neighbour.send(request("2", "test/echo", { input: 2 }));
    deepStrictEqual(await neighbour.next(), answer("2", 2));
    strictEqual(pair.ops.hanging, 1);
  })),
];

async function garbage(
  { open, ops }: { open(): Promise<RawEnvelopes>; readonly ops: { readonly hanging: number } },
): Promise<void> {
  const lane = await open();
  await lane.send(request("1", "test/hang"));
  await until(() => ops.hanging === 1);
  await lane.sendGarbage();
  const event = await lane.next();
  deepStrictEqual([event?.id, codeOf(event)], ["", "PROTOCOL_ERROR"]);
  await until(() => ops.hanging === 0);
  strictEqual(await lane.next(), undefined);
}
