import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { postgresMissing, startPostgres } from "../../../tests/tools/postgres.ts";
import { printLine } from "../../../tests/tools/terminal.ts";
import { testOrSkip } from "../../../tests/tools/skip.ts";
import type { Backend } from "../backend.ts";
import { openStore } from "../store.ts";
import { fingerprint, peer } from "../testing/harness.ts";
import { openPostgres } from "./mod.ts";
import { CuttingProxy } from "./testdata/cutting_proxy.ts";
import { Child, names, put, until } from "./testdata/support.ts";

const reason = postgresMissing();

/** Writes one row after the other until told to stop; remembers what was acknowledged. */
class Load {
  readonly acknowledged: string[] = [];
  readonly errors: unknown[] = [];
  readonly #done: Promise<unknown>;
  #stopped = false;

  constructor(backend: Backend, writers: number) {
    this.#done = Promise.all(
      Array.from({ length: writers }, (_, writer) => this.#run(backend, writer)),
    );
  }

  /** Waits for this many more acknowledged writes. */
  async more(count: number): Promise<void> {
    const goal = this.acknowledged.length + count;
    await until(() => this.acknowledged.length >= goal, `${count} more writes`);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(backend: Backend, writer: number): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      const name = `w${writer}-${n}`;
      await put(backend, name).then(
        () => this.acknowledged.push(name),
        (error) => this.errors.push(error),
      );
    }
  }
}

/** Keeps a copy of the names that is read anew at each wake, as an index does. */
function mirror(backend: Backend): { names: Set<string>; stop: () => void } {
  const state = { names: new Set<string>(), stop: () => {} };
  let reads = Promise.resolve();
  const stop = backend.listen(() => {
    reads = reads.then(async () => {
      state.names = new Set(await names(backend));
    }).catch(() => {
      // The server is away; the wake after the connection's return reads again.
    });
  });
  state.stop = stop;
  return state;
}

for (const how of ["restarted", "killed with SIGKILL"] as const) {
  testOrSkip(`no acknowledged write is lost when the server is ${how}`, reason, async () => {
    await using cluster = await startPostgres();
    const url = await cluster.database();
    await using writing = await openPostgres(url, { lockTimeoutMs: 20_000 });
    await using reading = await openPostgres(url);
    const seen = mirror(reading);
    const load = new Load(writing, 4);
    for (let round = 0; round < 3; round++) {
      await load.more(50);
      if (how === "restarted") {
        await cluster.restart();
      } else {
        await cluster.kill9();
        await cluster.start();
      }
    }
    await load.more(50);
    await load.stop();
    deepStrictEqual(load.errors, []);
    const kept = new Set(await names(writing));
    deepStrictEqual(load.acknowledged.filter((name) => !kept.has(name)), []);
    await until(() => seen.names.size === kept.size, "the listener to see all");
    seen.stop();
    const { retries } = await writing.stats();
    const { reconnects } = await reading.stats();
    ok(reconnects > 0);
    printLine(`${how} 3 times: ${kept.size} writes, 0 lost, ${retries} attempts repeated`);
  });
}

testOrSkip(
  "writes fail in time during an outage, listeners learn what they missed",
  reason,
  async () => {
    await using cluster = await startPostgres({ inMemory: true });
    const url = await cluster.database();
    await using backend = await openPostgres(url, { lockTimeoutMs: 500 });
    await put(backend, "before");
    let wakes = 0;
    const stop = backend.listen(() => wakes++);
    await until(() => wakes === 1, "the wake after LISTEN");
    await cluster.stop();
    const start = performance.now();
    await rejects(put(backend, "during"), { name: "StoreBackendError", fault: "unavailable" });
    ok(performance.now() - start < 1_500);
    await cluster.start();
    await using other = await openPostgres(url);
    await put(other, "after");
    await until(() => wakes >= 2, "the wake after the reconnect");
    stop();
    await put(backend, "again");
    deepStrictEqual(await names(backend), ["after", "again", "before"]);
  },
);

testOrSkip("identities resolve from memory while the server is away", reason, async () => {
  await using cluster = await startPostgres({ inMemory: true });
  const url = await cluster.database();
  await using one = await openStore(url, { lockTimeoutMs: 300 });
  await using two = await openStore(url);
  await one.identities.putPeer(peer("alice", 1));
  await until(() => two.identities.size === 1, "the other node to follow");
  await cluster.stop();
  strictEqual(two.identities.fromFingerprint(fingerprint(1))?.id, "alice");
  const unavailable = { name: "StoreBackendError", fault: "unavailable" };
  await rejects(one.identities.putPeer(peer("bob", 2)), unavailable);
  await cluster.start();
  await one.identities.putPeer(peer("bob", 2));
  strictEqual(one.identities.fromFingerprint(fingerprint(2))?.id, "bob");
  await until(() => two.identities.size === 2, "the other node to follow again");
  strictEqual(two.identities.fromFingerprint(fingerprint(2))?.id, "bob");
});

testOrSkip("a frozen server fails writes in time and is used again later", reason, async () => {
  await using cluster = await startPostgres({ inMemory: true });
  const url = await cluster.database();
  await using backend = await openPostgres(url, { lockTimeoutMs: 500, pollMs: 100 });
  let wakes = 0;
  const stop = backend.listen(() => wakes++);
  await put(backend, "before");
  await until(() => wakes > 0, "the wake after LISTEN");
  await cluster.freeze();
  const start = performance.now();
  await rejects(put(backend, "during"), { name: "StoreBackendError" });
  printLine(
    `a frozen server: the write failed after ${(performance.now() - start).toFixed(0)} ms`,
  );
  await cluster.thaw();
  await put(backend, "after");
  const before = wakes;
  await using other = await openPostgres(url);
  await put(other, "others");
  await until(() => wakes > before, "the wake after the thaw");
  stop();
  const kept = await names(backend);
  ok(kept.includes("before") && kept.includes("after"));
});

for (const cut of ["before", "after"] as const) {
  testOrSkip(`a connection cut ${cut} the server got COMMIT makes one change`, reason, async () => {
    await using cluster = await startPostgres({ inMemory: true });
    const url = new URL(await cluster.database());
    await using proxy = new CuttingProxy(cluster.port, cut);
    url.port = String(proxy.port);
    await using backend = await openPostgres(url.href);
    proxy.armed = true;
    let runs = 0;
    await backend.write(async (tx, touch) => {
      runs++;
      await tx.insertInto("audit").values({ at: runs, kind: "once" }).execute();
      touch("audit", "once");
    });
    strictEqual(proxy.armed, false);
    strictEqual(runs, cut === "before" ? 2 : 1);
    const rows = await backend.db.selectFrom("audit").select("at").execute();
    deepStrictEqual(rows, [{ at: runs }]);
  });
}

testOrSkip(
  "a write whose COMMIT got no answer, and no server later, says it is unknown",
  reason,
  async () => {
    await using cluster = await startPostgres({ inMemory: true });
    const url = new URL(await cluster.database());
    await using proxy = new CuttingProxy(cluster.port, "after");
    url.port = String(proxy.port);
    await using backend = await openPostgres(url.href, { lockTimeoutMs: 300 });
    proxy.armed = true;
    proxy.closeAfterCut = true;
    await rejects(put(backend, "x"), { fault: "unavailable", message: /Cannot tell whether/ });
  },
);

testOrSkip(
  "a writer killed with SIGKILL leaves whole transactions and no lock",
  reason,
  async () => {
    await using cluster = await startPostgres();
    const url = await cluster.database();
    await using backend = await openPostgres(url);
    for (let round = 0; round < 3; round++) {
      await using child = new Child({}, "write", url, `r${round}-`);
      await child.line(`ack ${20 + round * 7}`);
      child.kill9();
      await child.ended();
      const acknowledged = child.lines.filter((line) => line.startsWith("ack")).length;
      await put(backend, `next${round}`);
      const kept = (await names(backend)).filter((name) => name.startsWith(`r${round}-`));
      const [a, b] = ["a", "b"].map((half) => kept.filter((name) => name.includes(`-${half}`)));
      ok(a && b && a.length === b.length, "torn");
      ok(
        a.length === acknowledged || a.length === acknowledged + 1,
        `${a.length}, ${acknowledged}`,
      );
    }
  },
);

testOrSkip("1,000 concurrent writers lose nothing and share few connections", reason, async () => {
  await using cluster = await startPostgres();
  const url = await cluster.database();
  await using one = await openPostgres(url, { lockTimeoutMs: 30_000 });
  await using two = await openPostgres(url, { lockTimeoutMs: 30_000 });
  const start = performance.now();
  const increment = (backend: Backend) =>
    backend.write(async (tx, touch) => {
      // Read, then write: without order among writers some of these would be lost.
      const row = await tx.selectFrom("settings").select("value").where("name", "=", "count")
        .executeTakeFirst();
      const value = String(Number(row?.value ?? 0) + 1);
      await tx.insertInto("settings").values({ name: "count", value })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ value })).execute();
      touch("settings", "count");
    });
  const writes = Array.from({ length: 1_000 }, (_, n) => increment(n % 2 ? one : two));
  const sessions = Number(
    await cluster.sql("select count(*) from pg_stat_activity where application_name = 'alknet'"),
  );
  await Promise.all(writes);
  const rate = 1_000 / (performance.now() - start) * 1_000;
  const { value } = await one.db.selectFrom("settings").select("value")
    .where("name", "=", "count").executeTakeFirstOrThrow();
  strictEqual(value, "1000");
  ok(sessions <= 20, `${sessions} sessions`);
  const ids = await one.db.selectFrom("notifications").select("id")
    .where("key", "=", "count").execute();
  strictEqual(ids.length, 1_000);
  printLine(`1,000 concurrent writers: ${rate.toFixed(0)} writes/s, ${sessions} sessions`);
});

testOrSkip("six processes starting at once make the tables once", reason, async () => {
  await using cluster = await startPostgres({ inMemory: true, maxConnections: 40 });
  for (let round = 0; round < 2; round++) {
    const url = await cluster.database();
    await using children = new AsyncDisposableStack();
    const six = Array.from({ length: 6 }, () => children.use(new Child({}, "open", url)));
    deepStrictEqual(await Promise.all(six.map((child) => child.ended())), [0, 0, 0, 0, 0, 0]);
    await using backend = await openPostgres(url);
    deepStrictEqual(await names(backend), []);
  }
});

testOrSkip("a commit wakes another process within milliseconds", reason, async () => {
  await using cluster = await startPostgres({ inMemory: true });
  const url = await cluster.database();
  await using backend = await openPostgres(url);
  await using child = new Child({}, "watch", url);
  await put(backend, "start");
  await child.line("seen start");
  const latencies: number[] = [];
  for (let n = 0; n < 300; n++) {
    await put(backend, `n${n}`);
    const start = performance.now();
    await child.line(`seen n${n}`);
    latencies.push(performance.now() - start);
  }
  await put(backend, "end");
  strictEqual(await child.ended(), 0);
  latencies.sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.floor(latencies.length * part)]?.toFixed(2);
  printLine(
    `wake of another process, its read and a line to us: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, ` +
      `p99 ${at(0.99)} ms, 0 of ${latencies.length} missed`,
  );
});
