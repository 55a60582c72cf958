import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { ratesOf, Samples } from "./samples.ts";

Deno.test("looks at the node become rates, at most one in two seconds", () => {
  const samples = new Samples();
  const look = (atMs: number, bytesReceived: number): void =>
    samples.note([{}], { bytesReceived, bytesSent: 5 }, atMs);
  look(1_000, 0);
  look(1_500, 400); // too soon
  look(3_000, 1_000);
  look(5_000, 5_000);
  deepStrictEqual(ratesOf(samples.all, "received"), [500, 2_000]);
  deepStrictEqual(ratesOf(samples.all, "sent"), [0, 0]);
  samples.note(undefined, undefined, 10_000); // who may not ask sees nothing
  strictEqual(samples.all.length, 3);
});

Deno.test("so many looks are kept and no more", () => {
  const samples = new Samples();
  for (let look = 0; look < 500; look++) samples.note([], {}, look * 2_000);
  strictEqual(samples.all.length, 120);
});
