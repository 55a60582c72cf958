import { ok } from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { aloneMs, threadTime, timeSince } from "../../../tests/tools/thread_time.ts";
import { openStore } from "../store.ts";
import { peer } from "../testing/harness.ts";
import { tempDirectory } from "../testing/temp.ts";

/** What other programs take from a turn does not count; collecting garbage and slow disks do. */
const BOUND_MS = 50;

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
    "a backup": () => store.backend.backup(`${directory.path}/backup.db`),
    "a check": () => store.backend.check(),
  };
  for (const [name, run] of Object.entries(work)) {
    const turns = await turnsDuring(run);
    const over = turns.filter((ms) => ms > 5).length;
    const p99 = p99Of(turns);
    const text = `${name}: ${turns.length} turns, p99 ${p99.toFixed(1)}, longest ${
      (turns.at(-1) ?? 0).toFixed(1)
    } ms, ${over} over 5 ms`;
    Deno.stdout.writeSync(new TextEncoder().encode(`  ${text}\n`));
    ok(p99 < BOUND_MS, text);
  }
});

Deno.test("a turn in which the event loop stands still is seen", async () => {
  const stop = (): Promise<void> => {
    const start = threadTime();
    while (aloneMs(timeSince(start)) < 2 * BOUND_MS);
    return Promise.resolve();
  };
  ok(p99Of(await turnsDuring(stop)) > BOUND_MS);
});

function p99Of(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}

/** How long the turns of the event loop took, or would have with a processor to itself; sorted. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number[]> {
  const turns: number[] = [];
  let done = false;
  let last = threadTime();
  const working = work().finally(() => done = true);
  for (; !done; last = threadTime()) {
    await nextTurn();
    turns.push(aloneMs(timeSince(last)));
  }
  await working;
  return turns.sort((a, b) => a - b);
}
