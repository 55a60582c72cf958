import { ok, strictEqual } from "node:assert/strict";

import { DEFAULT_THROTTLE_LIMITS, SourceThrottle } from "./source_throttle.ts";

Deno.test("SourceThrottle keeps a source away once its penalties are worth it, and no other", () => {
  let nowMs = 0;
  const throttle = new SourceThrottle(DEFAULT_THROTTLE_LIMITS, () => nowMs);
  const fail = (address: string): void => throttle.enter(address)?.fail();
  for (let round = 0; round < 3; round++) fail("192.0.2.1");
  strictEqual(throttle.enter("192.0.2.1"), undefined);
  ok(throttle.enter("192.0.2.2"));
  nowMs += 1_000; // 15 s of penalties have begun to pass
  ok(throttle.enter("192.0.2.1"));
});

Deno.test("SourceThrottle counts an IPv6 network of a site as one source", () => {
  const throttle = new SourceThrottle({ ...DEFAULT_THROTTLE_LIMITS, minPenaltyMs: 5_000 }, () => 0);
  throttle.enter("2001:db8::1")?.fail();
  strictEqual(throttle.enter("2001:db8::2:3"), undefined);
  ok(throttle.enter("2001:db8:0:1::1"));
});

Deno.test("SourceThrottle never keeps anybody away for longer than the longest time", () => {
  let nowMs = 0;
  const limits = { ...DEFAULT_THROTTLE_LIMITS, maxPenaltyMs: 20_000, minPenaltyMs: 0 };
  const throttle = new SourceThrottle({ ...limits, minPenaltyMs: 15_000 }, () => nowMs);
  const strangers = Array.from({ length: 50 }, () => throttle.enter("192.0.2.1"));
  for (const stranger of strangers) stranger?.fail();
  strictEqual(throttle.enter("192.0.2.1"), undefined);
  nowMs += 6_000;
  ok(throttle.enter("192.0.2.1"));
});

Deno.test("SourceThrottle bounds those who have not logged in, in all and from one source", () => {
  const limits = {
    ...DEFAULT_THROTTLE_LIMITS,
    maxUnauthenticated: 3,
    maxUnauthenticatedPerSource: 2,
  };
  const throttle = new SourceThrottle(limits);
  const first = throttle.enter("192.0.2.1");
  ok(throttle.enter("192.0.2.1"));
  strictEqual(throttle.enter("192.0.2.1"), undefined);
  ok(throttle.enter("192.0.2.2"));
  strictEqual(throttle.enter("192.0.2.3"), undefined);
  first?.welcome();
  first?.leave(); // once is enough
  ok(throttle.enter("192.0.2.3"));
  strictEqual(throttle.enter("192.0.2.4"), undefined);
});

Deno.test("SourceThrottle remembers a bounded number of sources", () => {
  const throttle = new SourceThrottle({ ...DEFAULT_THROTTLE_LIMITS, minPenaltyMs: 1 }, () => 0);
  for (let source = 0; source < 5_000; source++) {
    throttle.enter(`10.${source >> 16}.${(source >> 8) & 255}.${source & 255}`)?.fail();
  }
  ok(throttle.enter("10.0.0.0"), "the first should be forgotten");
  strictEqual(throttle.enter("10.0.19.135"), undefined);
});
