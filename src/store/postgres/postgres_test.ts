// deno-lint-ignore-file camelcase -- columns are called what SQL calls them
import { deepStrictEqual, doesNotMatch, match, ok, rejects, strictEqual } from "node:assert/strict";

import { postgresMissing, startPostgres } from "../../../tests/tools/postgres.ts";
import { testOrSkip } from "../../../tests/tools/skip.ts";
import { StoreBackendError, type StoreFault, StoreSerializationError } from "../errors.ts";
import { openPostgres } from "./mod.ts";
import { Child, names, put, until } from "./testdata/support.ts";

const reason = postgresMissing();

/** Opens, which has to fail; returns the message after looking for what must not be in it. */
async function refusal(url: string, fault: StoreFault = "unavailable"): Promise<string> {
  const start = performance.now();
  const error = await openPostgres(url, { lockTimeoutMs: 1_000 }).then(
    async (backend) => {
      await backend[Symbol.asyncDispose]();
      return undefined;
    },
    (error: unknown) => error,
  );
  ok(error instanceof StoreBackendError, `opened, or failed otherwise: ${Deno.inspect(error)}`);
  strictEqual(error.fault, fault);
  ok(performance.now() - start < 5_000, "took too long");
  doesNotMatch(error.message, /\n/);
  doesNotMatch(Deno.inspect(error), /throw-away|wr0ng/);
  return error.message;
}

testOrSkip("openPostgres() says in one line why it cannot log in or connect", reason, async (t) => {
  await using cluster = await startPostgres({ inMemory: true });
  const url = new URL(cluster.url);
  const changed = (change: Partial<URL>): string => Object.assign(new URL(url), change).href;
  await t.step("wrong password", async () => {
    match(await refusal(changed({ password: "wr0ng" })), /check user and password/);
  });
  await t.step("no password", async () => {
    match(await refusal(changed({ password: "" })), /password/);
  });
  await t.step("unknown user", async () => {
    match(await refusal(changed({ username: "nobody" })), /check user and password/);
  });
  await t.step("unknown database", async () => {
    match(await refusal(changed({ pathname: "/none" })), /make it with createdb/);
  });
  await t.step("nothing listens", async () => {
    match(await refusal(changed({ port: "1" })), /nothing listens there/);
  });
  await t.step("unknown host", async () => {
    const text = await refusal(changed({ hostname: "db.invalid", search: "sslmode=disable" }));
    match(text, /host name/);
  });
  await t.step("no socket", async () => {
    match(await refusal("postgres:///a?host=/nowhere&user=x"), /no such socket/);
  });
  await t.step("no TLS there", async () => {
    match(await refusal(`${url}?sslmode=verify-full`), /it offers no TLS/);
  });
  await t.step("a server that hangs", async () => {
    await cluster.freeze();
    match(await refusal(url.href), /does not answer in time/);
    await cluster.thaw();
  });
});

testOrSkip("openPostgres() verifies the server's certificate and name", reason, async () => {
  await using cluster = await startPostgres({ inMemory: true, tls: true });
  const url = await cluster.database();
  match(await refusal(`${url}?sslmode=require`), /certificate is not trusted; add sslrootcert/);
  match(await refusal(`${url}?sslrootcert=/none.pem`), /Cannot read "\/none\.pem"/);
  const other = url.replace("@localhost", "@127.0.0.1");
  match(await refusal(`${other}?sslrootcert=${cluster.caPath}`), /certificate is for another name/);
  await using backend = await openPostgres(`${url}?sslrootcert=${cluster.caPath}`);
  await put(backend, "over-tls");
  const { rows } = await backend.db.executeQuery<{ version: string }>({
    ...backend.db.selectFrom("settings").selectAll().compile(),
    sql: "select version from pg_stat_ssl where pid = pg_backend_pid()",
  });
  strictEqual(rows[0]?.version, "TLSv1.3");
  await backend.backup(`${cluster.dir}/over-tls.dump`);
});

testOrSkip("openPostgres() goes through a Unix socket", reason, async () => {
  await using cluster = await startPostgres({ inMemory: true });
  const { password } = new URL(cluster.url);
  const env = { PGPASSWORD: decodeURIComponent(password), PGPORT: String(cluster.port) };
  // The port of a URL without a host is the default one: a link stands for the server's socket.
  await Deno.symlink(`.s.PGSQL.${cluster.port}`, `${cluster.dir}/.s.PGSQL.5432`);
  const url = `postgres:///postgres?host=${cluster.dir}&user=alknet`;
  await using child = new Child({ env }, "open", url);
  strictEqual(await child.ended(), 0);
  deepStrictEqual(child.lines, ["open"]);
});

testOrSkip("bytes, big numbers and text come back as they went in", reason, async () => {
  await using cluster = await startPostgres({ inMemory: true });
  await using backend = await openPostgres(await cluster.database());
  const data = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const row = {
    provider: "'; drop table peers; -- \u{1f980} \\x00 $1",
    key_version: Number.MAX_SAFE_INTEGER,
    salt: new Uint8Array(),
    iv: data.subarray(3, 15),
    data,
    updated_at: -1,
  };
  await backend.write((tx) => tx.insertInto("credentials").values(row).execute());
  const read = await backend.db.selectFrom("credentials").selectAll().executeTakeFirstOrThrow();
  deepStrictEqual(read, row);
  strictEqual(Object.getPrototypeOf(read.data), Uint8Array.prototype);
  for (const name of ["nul\0here", "half \ud800"]) {
    await rejects(put(backend, name), StoreSerializationError);
  }
  await put(backend, "works-after");
});

testOrSkip("a commit is on disk even where the server's default says off", reason, async () => {
  await using cluster = await startPostgres({ inMemory: true });
  await cluster.sql("alter database postgres set synchronous_commit = off");
  await cluster.sql("alter database postgres set default_transaction_isolation = 'serializable'");
  await using backend = await openPostgres(cluster.url);
  const setting = (name: string) =>
    backend.write(async (tx) => {
      const query = tx.selectFrom("settings").selectAll().compile();
      const { rows } = await tx.executeQuery<Record<string, string>>({
        ...query,
        sql: `select current_setting('${name}') as value`,
      });
      return rows[0]?.value;
    });
  strictEqual(await setting("synchronous_commit"), "on");
  strictEqual(await setting("transaction_isolation"), "read committed");
});

testOrSkip("a commit whose NOTIFY got lost is noticed at the next look", reason, async () => {
  // As behind a pooler in transaction mode, where LISTEN has no effect.
  await using cluster = await startPostgres({ inMemory: true });
  const url = await cluster.database();
  await using backend = await openPostgres(url, { pollMs: 50 });
  let wakes = 0;
  const stop = backend.listen(() => wakes++);
  await until(() => wakes === 1, "the wake after LISTEN");
  await using other = await openPostgres(url);
  await other.write((tx) =>
    tx.insertInto("notifications").values({ topic: "t", key: "k", created_at: 0 }).execute()
  );
  await until(() => wakes === 2, "the wake by looking");
  stop();
  await put(other, "x");
  await new Promise((done) => setTimeout(done, 100));
  strictEqual(wakes, 2);
});

testOrSkip("a write fails in time while another program holds the lock", reason, async () => {
  await using cluster = await startPostgres({ inMemory: true });
  const url = await cluster.database();
  await using backend = await openPostgres(url, { lockTimeoutMs: 300 });
  await using other = await openPostgres(url);
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holding = other.write(() => (held.resolve(), release));
  await held.promise;
  const start = performance.now();
  await rejects(put(backend, "x"), { name: "StoreBackendError", fault: "locked" });
  ok(performance.now() - start < 2_000);
  resolve();
  await holding;
  await put(backend, "x");
  deepStrictEqual(await names(backend), ["x"]);
});

testOrSkip("a closed store says so, and closing waits for what is under way", reason, async () => {
  await using cluster = await startPostgres({ inMemory: true });
  const backend = await openPostgres(await cluster.database());
  const writing = put(backend, "last");
  await Promise.all([writing, backend[Symbol.asyncDispose](), backend[Symbol.asyncDispose]()]);
  const closed = { name: "StoreBackendError", fault: "closed" };
  await rejects(put(backend, "x"), closed);
  await rejects(backend.check(), closed);
});

testOrSkip("check() names a damaged table and a damaged index", reason, async () => {
  await using cluster = await startPostgres({ inMemory: true });
  await cluster.sql("create extension amcheck");
  await using backend = await openPostgres(cluster.url);
  for (let n = 0; n < 5; n++) await put(backend, `row${n}`);
  deepStrictEqual(await backend.check(), { ok: true, problems: [] });
  const table = await cluster.sql("select pg_relation_filepath('credentials')");
  const index = await cluster.sql("select pg_relation_filepath('settings_pkey')");
  await cluster.stop();
  // The first page of an index is read by whoever plans a query: the second is a leaf.
  for (const [path, page] of [[table, 0], [index, 1]] as const) {
    using file = await Deno.open(`${cluster.dir}/data/${path}`, { write: true });
    await file.seek(page * 8192, Deno.SeekMode.Start);
    await file.write(new Uint8Array(8192).fill(0xff));
  }
  await cluster.start();
  const { ok: sound, problems } = await backend.check();
  strictEqual(sound, false);
  deepStrictEqual(problems.map((problem) => problem.split(":")[0]), [
    "table public.credentials",
    "index credentials_pkey",
    "index settings_pkey",
  ]);
  match(problems[0] ?? "", /invalid page in block 0/);
});

testOrSkip("backup() makes a file that pg_restore brings back", reason, async () => {
  await using cluster = await startPostgres({ inMemory: true });
  await using backend = await openPostgres(await cluster.database());
  await put(backend, "kept");
  const path = `${cluster.dir}/copy.dump`;
  await backend.backup(path);
  strictEqual(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  await rejects(backend.backup(path), StoreBackendError);
  const url = await cluster.database();
  const restore = new Deno.Command("pg_restore", { args: ["--no-owner", "-d", url, path] });
  strictEqual((await restore.output()).code, 0);
  await using restored = await openPostgres(url);
  deepStrictEqual(await names(restored), ["kept"]);
});
