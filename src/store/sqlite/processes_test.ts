import { ok, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../store.ts";
import { errorOf, fingerprint, peer, until } from "../testing/harness.ts";
import { tempDirectory } from "../testing/temp.ts";
import { killRounds } from "./testdata/kill_rounds.ts";
import { sqliteProgram, startChild } from "./testdata/processes.ts";
import { measureWakes, summary } from "./testdata/wakes.ts";

Deno.test("six processes that start at once on nothing migrate exactly once", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/new/store.db`;
  const children = Array.from({ length: 6 }, () => startChild("open", `sqlite:${path}`));
  const codes = await Promise.all(children.map(({ process }) => process.status));
  for (const child of children) await child[Symbol.asyncDispose]();
  strictEqual(codes.every(({ success }) => success), true);
  using db = new DatabaseSync(path);
  strictEqual(db.prepare("select count(*) as n from store_migrations").get()?.n, 2);
  strictEqual(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("commits of three processes all arrive, none torn", async () => {
  await using directory = await tempDirectory();
  const url = `sqlite:${directory.path}/store.db`;
  const { torn, missed, latencies } = await measureWakes(url, { commits: 600, gapMs: 2 });
  print(`wake of 600 commits by 3 processes: ${summary(latencies)}`);
  strictEqual(torn, 0);
  strictEqual(missed, 0);
});

Deno.test("a peer added or removed here is known or unknown there", async () => {
  await using directory = await tempDirectory();
  const url = `sqlite:${directory.path}/store.db`;
  await using store = await openStore(url);
  await using other = startChild("watch", url, fingerprint(1));
  strictEqual((await other.lines.read()).value, "nobody");
  for (
    const [change, expected] of [
      [() => store.identities.putPeer(peer("alice", 1)), "alice"],
      [() => store.identities.updatePeer("alice", { enabled: false }), "nobody"],
      [() => store.identities.updatePeer("alice", { enabled: true }), "alice"],
      [() => store.identities.removePeer("alice"), "nobody"],
    ] as const
  ) {
    const start = performance.now();
    await change();
    strictEqual((await other.lines.read()).value, expected);
    print(`another process knows after ${(performance.now() - start).toFixed(1)} ms: ${expected}`);
  }
});

Deno.test("kill -9 in the middle of writes loses nothing that was acknowledged", async () => {
  await using directory = await tempDirectory();
  const { acknowledged, lost, torn } = await killRounds(`sqlite:${directory.path}/store.db`, 10);
  print(`10 rounds of kill -9: ${acknowledged} acknowledged, ${lost} lost, ${torn} torn`);
  ok(acknowledged > 0);
  strictEqual(lost + torn, 0);
});

Deno.test("while another program holds the lock, reads go on and writes wait or fail clearly", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/store.db`;
  await using store = await openStore(`sqlite:${path}`, { lockTimeoutMs: 300 });
  await store.identities.putPeer(peer("alice", 1));
  {
    await using _holder = await sqliteProgram(path, "begin immediate;");
    const error = await errorOf(store.identities.putPeer(peer("bob", 2)));
    strictEqual(error.message, `Another program holds the lock of "${path}"`);
    strictEqual(store.identities.fromFingerprint(fingerprint(1))?.id, "alice");
    strictEqual((await store.identities.peer("alice"))?.peerId, "alice");
    await using late = await openStore(`sqlite:${path}`); // opening needs no lock
    strictEqual(late.identities.size, 1);
  }
  await store.identities.putPeer(peer("bob", 2));
  const holder = await sqliteProgram(path, "begin immediate;");
  const waiting = store.identities.putPeer(peer("carol", 3));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await holder[Symbol.asyncDispose]();
  await waiting;
});

Deno.test("changes by the program sqlite3 that touch the log arrive too", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/store.db`;
  await using store = await openStore(`sqlite:${path}`, { pollMs: 50 });
  await using _program = await sqliteProgram(
    path,
    `begin; insert into settings values ('x', 'by hand');
    insert into notifications (topic, key, created_at) values ('settings', 'x', 0); commit;`,
  );
  await until(() => store.settings.get("x") === "by hand");
});

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`  ${text}\n`));
}
