import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";

import { Health } from "./health.ts";
import { isWithin, statusRanges } from "./status_ranges.ts";

Deno.test("several failures in a row make a server unhealthy, several passes healthy again", () => {
  const health = new Health({ failures: 3, successes: 2 });
  const after = (...results: ("well" | "bad")[]): boolean[] =>
    results.map((result) => {
      health.note(result === "well" ? undefined : "Status 500");
      return health.healthy;
    });
  deepStrictEqual(after("well", "bad", "bad", "well", "bad", "bad"), Array(6).fill(true));
  deepStrictEqual(after("bad", "bad", "well", "bad", "well"), Array(5).fill(false));
  deepStrictEqual(after("well", "bad"), [true, true]);
  deepStrictEqual([health.passed, health.failed, health.problem], [5, 8, "Status 500"]);
});

Deno.test("the first check decides at once: a node that starts does not ask a dead server", () => {
  const health = new Health();
  strictEqual(health.healthy, true);
  strictEqual(health.note("Cannot reach it"), true);
  strictEqual(health.healthy, false);
  strictEqual(new Health().note(undefined), false);
});

Deno.test("whatever the results, a change is told once, and only after enough in a row", () => {
  const thresholds = fc.record({
    failures: fc.integer({ min: 1, max: 5 }),
    successes: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(fc.property(thresholds, fc.array(fc.boolean()), (options, results) => {
    const health = new Health(options);
    results.forEach((well, at) => {
      const before = health.healthy;
      const changed = health.note(well ? undefined : "bad");
      strictEqual(changed, health.healthy !== before);
      if (!changed || at === 0) return;
      const enough = well ? options.successes : options.failures;
      deepStrictEqual(results.slice(at + 1 - enough, at + 1), Array(enough).fill(well));
    });
    strictEqual(health.passed + health.failed, results.length);
  }));
});

Deno.test("statusRanges() reads statuses and ranges, and nothing else", () => {
  const ranges = statusRanges(["204", "300-399"]);
  deepStrictEqual([200, 204, 300, 399, 400].map((status) => isWithin(ranges, status)), [
    false,
    true,
    true,
    true,
    false,
  ]);
  for (const text of ["", "20", "100", "600", "399-300", "2xx", "200-", "200 - 300", "200-399 "]) {
    throws(() => statusRanges([text]), TypeError, text);
  }
});
