import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "./store.ts";
import { errorOf, fingerprint, peer, token } from "./testing/harness.ts";
import { tempDirectory } from "./testing/temp.ts";

for (const url of ["", "mysql://user:secret@host/db", "/var/lib/alknet.db", "sqlite:"]) {
  Deno.test(`openStore() refuses ${JSON.stringify(url)} without telling what is in it`, async () => {
    const error = await errorOf(openStore(url));
    strictEqual(error.name, "StoreUrlError");
    match(error.message, /write "sqlite:\/path" or "postgres:/);
    strictEqual(error.message.includes("secret"), false);
  });
}

Deno.test("openStore() takes sqlite: URLs with and without slashes", async () => {
  await using directory = await tempDirectory();
  for (const slashes of ["", "//"]) {
    await using store = await openStore(`sqlite:${slashes}${directory.path}/store.db`);
    await store.identities.putPeer(peer("alice", 1));
  }
  strictEqual((await Deno.stat(`${directory.path}/store.db`)).isFile, true);
});

Deno.test("a closed store answers from memory, refuses writes, and closes twice", async () => {
  await using directory = await tempDirectory();
  const store = await openStore(`sqlite:${directory.path}/store.db`);
  await store.identities.putPeer(peer("alice", 1));
  await store[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  strictEqual(store.identities.fromFingerprint(fingerprint(1))?.id, "alice");
  match((await errorOf(store.identities.putPeer(peer("bob", 2)))).message, /closed store/);
  const left = await Array.fromAsync(Deno.readDir(directory.path), ({ name }) => name);
  deepStrictEqual(left.sort(), ["store.db", "store.db.bell"]); // no log: it is all in the database
});

Deno.test("events that wait are bounded, counted and written at the end", async () => {
  await using directory = await tempDirectory();
  const url = `sqlite:${directory.path}/store.db`;
  {
    await using store = await openStore(url);
    for (let n = 0; n < 10_100; n++) store.audit.append({ kind: "flood" });
  }
  await using store = await openStore(url);
  strictEqual((await store.stats()).rows.audit, 10_001);
  strictEqual((await store.audit.list({ kind: "audit.dropped" }))[0]?.detail, "100 events");
});

Deno.test("a database made before tokens had makers is brought up to date, and keeps its tokens", async () => {
  await using directory = await tempDirectory();
  const file = `${directory.path}/store.db`;
  const old = token("old");
  {
    await using store = await openStore(`sqlite:${file}`);
    await store.identities.putToken(old.entry);
  }
  {
    using database = new DatabaseSync(file);
    database.exec(`drop index tokens_created_by;
      alter table tokens drop column created_by;
      delete from store_migrations where name = '0002_token_makers'`);
  }
  await using store = await openStore(`sqlite:${file}`);
  strictEqual(store.identities.fromToken(old.text)?.id, "token:old");
  await store.identities.putToken(token("new", { createdBy: "nobody" }).entry);
  const made = (await store.identities.tokens()).map(({ name, createdBy }) => [name, createdBy]);
  deepStrictEqual(made, [["new", "nobody"], ["old", undefined]]);
});
