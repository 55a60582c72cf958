import fc from "fast-check";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";

import { TokenBuckets } from "./token_buckets.ts";

Deno.test("a bucket gives its burst at once and then its rate", () => {
  let now = 0;
  const buckets = new TokenBuckets({ perSecond: 10, burst: 2, maxKeys: 5, now: () => now });
  deepStrictEqual([1, 2, 3].map(() => buckets.take("a")), [0, 0, 100]);
  now = 50;
  strictEqual(buckets.take("a"), 50);
  now = 100;
  strictEqual(buckets.take("a"), 0);
  strictEqual(buckets.take("b"), 0);
});

Deno.test("in any time, nobody gets more than the burst and the rate", () => {
  const steps = fc.array(fc.nat(500), { maxLength: 200 });
  fc.assert(fc.property(steps, fc.integer({ min: 1, max: 50 }), (waits, burst) => {
    let now = 0;
    let granted = 0;
    const buckets = new TokenBuckets({ perSecond: 20, burst, maxKeys: 5, now: () => now });
    for (const wait of waits) {
      now += wait;
      if (buckets.take("a") === 0) granted++;
    }
    ok(granted <= burst + now * 20 / 1_000 + 1e-6);
  }));
});

Deno.test("a wait that was told is long enough", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1_000 }), (perSecond) => {
    let now = 0;
    const buckets = new TokenBuckets({ perSecond, burst: 1, maxKeys: 1, now: () => now });
    buckets.take("a");
    now += buckets.take("a");
    strictEqual(buckets.take("a"), 0);
  }));
});

Deno.test("only so many buckets are kept", () => {
  const buckets = new TokenBuckets({ perSecond: 0.001, burst: 1, maxKeys: 2, now: () => 0 });
  strictEqual(buckets.take("a"), 0);
  strictEqual(buckets.take("b"), 0);
  ok(buckets.take("a") > 0); // used last: stays
  strictEqual(buckets.take("c"), 0); // pushes b out
  ok(buckets.take("a") > 0);
  strictEqual(buckets.take("b"), 0);
});
