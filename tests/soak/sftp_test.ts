/** A million mutated requests, as the goals of SFTP ask for. */
import { ok, strictEqual } from "node:assert/strict";

import { memoryFiles } from "@alknet/sftp";
import { fuzzSessions } from "../../handlers/sftp/testdata/fuzz.ts";

const PACKETS = 1_000_000;
const ROUNDS = 10;

Deno.test(`${PACKETS} mutated requests leave memory bounded`, async () => {
  const files = () => memoryFiles({ maxBytes: 1_000_000, maxNodes: 200 });
  let settledRss = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const packets = PACKETS / ROUNDS;
    strictEqual((await fuzzSessions(files, { packets, seed: round })).packets, packets);
    const { rss } = Deno.memoryUsage();
    if (round === 3) settledRss = rss;
    if (round > 3) ok(rss < settledRss * 1.5, `${rss} bytes after ${round}, ${settledRss} before`);
  }
});
