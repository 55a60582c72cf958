import { ok, strictEqual } from "node:assert/strict";
import { openStore } from "../../src/store/mod.ts";
import { killRounds } from "../../src/store/sqlite/testdata/kill_rounds.ts";
import { sqliteProgram, startChild } from "../../src/store/sqlite/testdata/processes.ts";
import { measureWakes, summary } from "../../src/store/sqlite/testdata/wakes.ts";
import { peer } from "../../src/store/testing/harness.ts";
import { tempDirectory } from "../../src/store/testing/temp.ts";

for (const gapMs of [5, 0]) {
  const rhythm = gapMs === 0 ? "as fast as they can" : `${gapMs} ms apart`;
  Deno.test(`10,000 commits by three processes, ${rhythm}: none missed, none torn`, async () => {
    await using directory = await tempDirectory();
    const url = `sqlite:${directory.path}/store.db`;
    const start = performance.now();
    const report = await measureWakes(url, { commits: 10_000, gapMs });
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    print(`${report.latencies.length} commits in ${seconds} s: ${summary(report.latencies)}`);
    strictEqual(report.torn, 0);
    strictEqual(report.missed, 0);
  });
}

Deno.test("100 rounds of kill -9 in the middle of writes: nothing lost, nothing torn", async () => {
  await using directory = await tempDirectory();
  const { acknowledged, lost, torn } = await killRounds(`sqlite:${directory.path}/store.db`, 100);
  print(`${acknowledged} acknowledged, ${lost} lost, ${torn} torn`);
  ok(acknowledged > 0);
  strictEqual(lost + torn, 0);
});

Deno.test("a write outlasts ten seconds of another program's lock, if it may", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/store.db`;
  await using store = await openStore(`sqlite:${path}`, { lockTimeoutMs: 30_000 });
  const holder = await sqliteProgram(path, "begin immediate;");
  const start = performance.now();
  const writing = store.identities.putPeer(peer("alice", 1));
  setTimeout(() => holder[Symbol.asyncDispose](), 10_000);
  await writing;
  ok(performance.now() - start > 9_000);
});

Deno.test("an idle store takes next to no CPU time", async () => {
  await using directory = await tempDirectory();
  await using child = startChild("idle", `sqlite:${directory.path}/store.db`, 20_000);
  const percent = Number((await child.lines.read()).value);
  print(`idle: ${percent.toFixed(2)} % of one core over 20 s`);
  ok(percent < 2, `${percent} %`);
});

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`  ${text}\n`));
}
