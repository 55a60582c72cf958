import { openStore } from "../../store.ts";
import { startChild } from "./processes.ts";

/** What was left after rounds of kill -9. */
export interface KillReport {
  /** Writes that were reported as safe. */
  readonly acknowledged: number;
  /** Those of them that are gone. */
  readonly lost: number;
  /** Transactions of which a part is there. */
  readonly torn: number;
}

/** Kills a writing process again and again, and looks each time at what is there. */
export async function killRounds(url: string, rounds: number): Promise<KillReport> {
  const acknowledged = new Set<number>();
  let next = 0;
  let torn = 0;
  for (let round = 0; round < rounds; round++) {
    next = Math.max(next, await writeAndKill(url, next, acknowledged));
    const ids = await idsIn(url);
    const numbers = [...ids].map((id) => Number(id.slice(2)));
    torn += numbers.filter((n) => ids.has(`a-${n}`) !== ids.has(`b-${n}`)).length;
    next = Math.max(next, ...numbers.map((n) => n + 1));
  }
  const ids = await idsIn(url);
  const lost = [...acknowledged].filter((n) => !ids.has(`a-${n}`)).length;
  return { acknowledged: acknowledged.size, lost, torn };
}

async function writeAndKill(url: string, from: number, seen: Set<number>): Promise<number> {
  await using child = startChild("acknowledge", url, from);
  const deaths = 5 + Math.random() * 60;
  for (let lines = 0; lines < deaths; lines++) {
    const { value, done } = await child.lines.read();
    if (done) break;
    seen.add(Number(value));
  }
  child.process.kill("SIGKILL");
  for (;;) { // what it had said before it died counts as well
    const { value, done } = await child.lines.read();
    if (done) return Math.max(0, ...seen) + 1;
    seen.add(Number(value));
  }
}

async function idsIn(url: string): Promise<Set<string>> {
  await using store = await openStore(url);
  const { problems } = await store.backend.check();
  if (problems.length > 0) throw new RangeError(problems[0]);
  const ids = new Set<string>();
  for await (const { peerId } of store.identities.peers()) ids.add(peerId);
  return ids;
}
