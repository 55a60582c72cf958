import { deepStrictEqual } from "node:assert/strict";
import { mock } from "node:test";

import { Patience } from "./patience.ts";

Deno.test("Patience runs out without a first request", () => {
  deepStrictEqual(timeline(() => {}), [10]);
});

Deno.test("Patience lasts as long as a request does, then for the idle time", () => {
  deepStrictEqual(
    timeline((patience, after) => {
      after(9, () => patience.requestBegins());
      after(500, () => patience.requestBegins());
      after(600, () => patience.requestEnds());
      after(700, () => patience.requestEnds());
    }),
    [760],
  );
});

Deno.test("Patience counts the idle time from the last request, however many there were", () => {
  deepStrictEqual(
    timeline((patience, after) => {
      for (let at = 5; at < 200; at += 5) {
        after(at, () => patience.requestBegins());
        after(at + 3, () => patience.requestEnds());
      }
    }),
    [258],
  );
});

Deno.test("Patience runs out after an idle time that is shorter than the first", () => {
  const options = { headTimeoutMs: 500, idleTimeoutMs: 60 };
  deepStrictEqual(
    timeline((patience, after) => {
      after(100, () => patience.requestBegins());
      after(110, () => patience.requestEnds());
    }, options),
    [170],
  );
});

Deno.test("Patience with a connection that is over, or upgraded, never runs out", () => {
  deepStrictEqual(
    timeline((patience, after) => {
      after(5, () => patience.requestBegins());
      after(6, () => patience[Symbol.dispose]());
      after(7, () => patience.requestEnds());
    }),
    [],
  );
});

const OPTIONS = { headTimeoutMs: 10, idleTimeoutMs: 60 };

/** When patience ran out, in milliseconds of a clock that is moved by hand. */
function timeline(
  script: (patience: Patience, after: (ms: number, action: () => void) => void) => void,
  options = OPTIONS,
): number[] {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const ranOut: number[] = [];
    let now = 0;
    const patience = new Patience(options, () => ranOut.push(now), () => now);
    script(patience, (ms, action) => setTimeout(action, ms));
    for (now = 1; now <= 1000; now++) mock.timers.tick(1);
    return ranOut;
  } finally {
    mock.timers.reset();
  }
}
