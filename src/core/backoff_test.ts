import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";

import { backoffMs, pause } from "./backoff.ts";

Deno.test("backoffMs() doubles from a second to a minute", () => {
  const random = (): number => 0;
  const waits = [1, 2, 3, 6, 7, 1_000_000].map((failures) => backoffMs(failures, { random }));
  deepStrictEqual(waits, [1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
});

Deno.test("backoffMs() takes up to half off at random, and never adds", () => {
  for (let n = 0; n < 1_000; n++) {
    const waitMs = backoffMs(7);
    ok(waitMs > 30_000 && waitMs <= 60_000, `${waitMs}`);
  }
});

Deno.test("pause() ends with the signal and leaves no timer behind", async () => {
  const stop = new AbortController();
  const paused = pause(1_000_000, stop.signal);
  stop.abort();
  await paused;
  strictEqual(await pause(1_000_000, stop.signal), undefined);
});
