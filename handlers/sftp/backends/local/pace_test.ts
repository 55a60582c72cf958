import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { Pace } from "./pace.ts";
import { ASYNC_CALLS, SYNC_CALLS } from "./system_calls.ts";

/** A clock that stands until it is moved. */
function clock() {
  const time = { ms: 0 };
  return { time, pace: new Pace(() => time.ms) };
}

Deno.test("Pace leaves the thread after a slow call, for longer each time it happens at once", () => {
  const { time, pace } = clock();
  const isHere = () => pace.run((calls) => calls === SYNC_CALLS);
  const slow = () => void pace.run(() => time.ms += 5);
  const penalties: number[] = [];
  for (let round = 0; round < 10; round++) {
    strictEqual(isHere(), true);
    slow();
    const begun = time.ms;
    while (!isHere()) time.ms += 10;
    penalties.push(time.ms - begun);
  }
  deepStrictEqual(penalties.slice(0, 4), [100, 200, 400, 800]);
  strictEqual(penalties.at(-1), 10_000);
  time.ms += 30_000; // long quiet: it begins anew
  slow();
  time.ms += 100;
  strictEqual(isHere(), true);
});

Deno.test("Pace takes calls that are never quick elsewhere", () => {
  strictEqual(clock().pace.runElsewhere((calls) => calls === ASYNC_CALLS), true);
});
