import { deepStrictEqual } from "node:assert/strict";

import { Budget } from "./budget.ts";
import { Deadlines } from "./deadlines.ts";

Deno.test("a Budget is spent at once and comes back with time", () => {
  let now = 0;
  const budget = new Budget(3, 10, () => now);
  deepStrictEqual([1, 2, 3, 4].map(() => budget.spend()), [true, true, true, false]);
  now = 100;
  deepStrictEqual([1, 2].map(() => budget.spend()), [true, false]);
  budget.earn(100);
  deepStrictEqual([1, 2, 3, 4].map(() => budget.spend()), [true, true, true, false]);
});

Deno.test("a deadline that was kept does not expire, one that was not does, once", async () => {
  const { promise: ticked, resolve } = Promise.withResolvers<void>();
  let ticks = 0;
  using deadlines = new Deadlines(1, () => ++ticks === 20 && resolve());
  const expired: string[] = [];
  deadlines.delete(deadlines.add(0, () => expired.push("kept")));
  deadlines.add(0, () => expired.push("late"));
  deadlines.add(60_000, () => expired.push("far"));
  await ticked;
  deepStrictEqual(expired, ["late"]);
});
