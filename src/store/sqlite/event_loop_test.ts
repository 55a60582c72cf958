import { ok } from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openStore } from "../store.ts";
import { peer } from "../testing/harness.ts";
import { tempDirectory } from "../testing/temp.ts";

/** On a machine that others use too, a turn can take long for reasons of theirs… */
const BOUND_MS = 50;

/** …but not each time: what the store itself holds up, it holds up in all of them. */
const ATTEMPTS = 4;

Deno.test("the event loop turns while the store works", async () => {
  await using directory = await tempDirectory();
  const url = `sqlite:${directory.path}/store.db`;
  await using store = await openStore(url);
  const peers = Array.from({ length: 10_000 }, (_, n) => peer(`peer-${n}`, n));
  const work: Readonly<Record<string, () => Promise<unknown>>> = {
    "10,000 peers in one transaction": () => store.identities.putPeers(peers),
    "500 commits": async () => {
      for (let n = 0; n < 500; n++) await store.settings.put("n", `${n}`);
    },
    "500 commits at once": () =>
      Promise.all(Array.from({ length: 500 }, (_, n) => store.settings.put(`m-${n}`, `${n}`))),
    "opening with 10,000 peers": async () => {
      await (await openStore(url))[Symbol.asyncDispose]();
    },
    "listing 10,000 peers": () => Array.fromAsync(store.identities.peers()),
    "a backup": () => store.backend.backup(`${directory.path}/${crypto.randomUUID()}.db`),
    "a check": () => store.backend.check(),
  };
  for (const [name, run] of Object.entries(work)) {
    const attempts: string[] = [];
    for (let p99 = Infinity; p99 >= BOUND_MS;) {
      ok(attempts.length < ATTEMPTS, attempts.join("\n"));
      const turns = await turnsDuring(run);
      p99 = turns[Math.floor(turns.length * 0.99)] ?? 0;
      attempts.push(`${name}: ${summary(turns, p99)}`);
    }
    Deno.stdout.writeSync(new TextEncoder().encode(`  ${attempts.join("\n  ")}\n`));
  }
});

function summary(turns: readonly number[], p99: number): string {
  const over = turns.filter((ms) => ms > 5).length;
  const longest = turns.at(-1) ?? 0;
  return `${turns.length} turns, p99 ${p99.toFixed(1)}, longest ${
    longest.toFixed(1)
  } ms, ${over} over 5 ms`;
}

/** How long the turns of the event loop took, sorted. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number[]> {
  const turns: number[] = [];
  let done = false;
  const working = work().finally(() => done = true);
  for (let last = performance.now(); !done;) {
    await nextTurn();
    const now = performance.now();
    turns.push(now - last);
    last = now;
  }
  await working;
  return turns.sort((a, b) => a - b);
}
