import { ok } from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openStore } from "../store.ts";
import { peer } from "../testing/harness.ts";
import { tempDirectory } from "../testing/temp.ts";

/** On a machine that others use too, a turn can take long for reasons of theirs. */
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
    const p99 = turns[Math.floor(turns.length * 0.99)] ?? 0;
    const text = `${name}: ${turns.length} turns, p99 ${p99.toFixed(1)}, longest ${
      (turns.at(-1) ?? 0).toFixed(1)
    } ms, ${over} over 5 ms`;
    Deno.stdout.writeSync(new TextEncoder().encode(`  ${text}\n`));
    ok(p99 < BOUND_MS, text);
  }
});

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
