/** What tests let other processes do to a store: `child.ts WHAT URL [ARGUMENT]…` */
import { openBackend, openStore } from "../../store.ts";
import { peer } from "../../testing/harness.ts";

const [what = "", url = "", ...rest] = Deno.args;

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Clock that all processes of a machine share. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Commits two equal values at a time; in the end says when each commit returned. */
async function count(name: string, commits: number, gapMs: number): Promise<void> {
  await using backend = await openBackend(url, { lockTimeoutMs: 60_000 });
  say("ready");
  const times: number[] = [];
  for (let n = 1; n <= commits; n++) {
    await backend.write(async (tx, touch) => {
      for (const half of ["a", "b"]) {
        const row = { name: `${name}.${half}`, value: `${n}` };
        await tx.insertInto("settings").values(row)
          .onConflict((conflict) => conflict.column("name").doUpdateSet(row)).execute();
        touch("settings", row.name);
      }
    });
    times.push(clock());
    if (gapMs > 0) await pause(gapMs * (0.5 + Math.random()));
  }
  say(JSON.stringify(times));
}

/** Adds peers until it is killed, and says so of each that is safe. */
async function acknowledge(from: number): Promise<void> {
  await using store = await openStore(url);
  for (let n = from;; n++) {
    await store.identities.putPeers([peer(`a-${n}`, 2 * n), peer(`b-${n}`, 2 * n + 1)]);
    say(`${n}`);
  }
}

/** Says what it sees of one peer, each time it changes. */
async function watch(key: string): Promise<void> {
  await using store = await openStore(url);
  const tell = (): void => say(store.identities.fromFingerprint(key)?.id ?? "nobody");
  store.identities.onChange(tell);
  tell();
  await pause(60_000);
}

/** Does nothing with an open store, and says how much CPU time that takes, in per cent. */
async function idle(ms: number): Promise<void> {
  await using _store = await openStore(url);
  await pause(1_000);
  const before = cpuSeconds();
  await pause(ms);
  say(`${(cpuSeconds() - before) / ms * 100_000}`);
}

function cpuSeconds(): number {
  const fields = Deno.readTextFileSync("/proc/self/stat").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

if (what === "open") await (await openStore(url, { lockTimeoutMs: 30_000 }))[Symbol.asyncDispose]();
else if (what === "count") await count(rest[0] ?? "", Number(rest[1]), Number(rest[2]));
else if (what === "acknowledge") await acknowledge(Number(rest[0]));
else if (what === "watch") await watch(rest[0] ?? "");
else if (what === "idle") await idle(Number(rest[0]));
else Deno.exit(2);
