import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";

import { type Deadline, Deadlines } from "./deadlines.ts";
import { pause, until } from "./testdata/support.ts";

// The sanitizer of timers fails these when one is left behind.

Deno.test("Deadlines call back in order, each when its time is over, and never when cleared", async () => {
  const deadlines = new Deadlines();
  const log: string[] = [];
  const startedAt = performance.now();
  const lateMs: number[] = [];
  const add = (ms: number, name: string): Deadline =>
    deadlines.add(ms, () => {
      log.push(name);
      lateMs.push(performance.now() - startedAt - ms);
    });
  add(60, "c");
  add(30, "a").clear();
  add(30, "b");
  const never = add(30, "never");
  add(90, "d");
  never.clear();
  never.clear();
  await until(() => log.length === 3);
  deepStrictEqual(log, ["b", "c", "d"]);
  ok(lateMs.every((late) => late >= 0), `${lateMs}`);
});

Deno.test("a deadline added later to the same row ends later by as much", async () => {
  const deadlines = new Deadlines();
  const ended: number[] = [];
  const startedAt = performance.now();
  deadlines.add(40, () => ended.push(performance.now() - startedAt));
  await pause(25);
  const addedAt = performance.now() - startedAt;
  deadlines.add(40, () => ended.push(performance.now() - startedAt));
  await until(() => ended.length === 2);
  const [first = NaN, second = NaN] = ended;
  ok(first >= 40 && second >= addedAt + 40, `${first} ${second}`);
});

Deno.test("a deadline that is added or cleared while others expire is neither lost nor called", async () => {
  const deadlines = new Deadlines();
  const log: string[] = [];
  deadlines.add(20, () => {
    log.push("first");
    second.clear();
    deadlines.add(20, () => log.push("third"));
  });
  const second = deadlines.add(20, () => log.push("second"));
  await until(() => log.length === 2);
  deepStrictEqual(log, ["first", "third"]);
  deadlines.add(20, () => log.push("never")).clear();
  await pause(30);
  strictEqual(log.length, 2);
});
