import type { EncryptedRecord } from "@alknet/core";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Store } from "../store.ts";
import { errorOf, fingerprint, type OpenStore, peer, type StoreCase, until } from "./harness.ts";

/** What every backend must do with everything else. */
export const STATE_CASES: readonly StoreCase[] = [
  { name: "credentials are kept as they are, listed, replaced and deleted", run: credentials },
  { name: "a credential is replaced only if nobody else has changed it", run: replaces },
  { name: "ownership has one owner a resource, and answers both ways", run: ownership },
  { name: "settings are shared", run: settings },
  { name: "audit keeps events in order, cleaned, and cannot be changed", run: audit },
  { name: "audit is followed across processes", run: follow },
  { name: "audit drops what is older than its retention", run: retention },
  { name: "text comes back as it was or is refused, whatever it says", run: strings },
  { name: "a transaction that fails leaves nothing behind", run: rollsBack },
  { name: "1,000 writers at once all succeed", run: manyWriters },
  { name: "a change is seen whole in another opening, never half", run: neverTorn },
  { name: "maintenance shortens the log, and readers go on", run: maintains },
  { name: "a check of a healthy store finds nothing", run: checks },
];

function record(n: number): EncryptedRecord {
  const bytes = (length: number): string => new Uint8Array(length).fill(n).toBase64();
  return { key_version: n, salt: bytes(32), iv: bytes(12), data: bytes(40) };
}

async function credentials(open: OpenStore): Promise<void> {
  await using store = await open();
  await using other = await open();
  await store.credentials.put("github", record(2));
  await store.credentials.put("aws", { ...record(3), salt: "" });
  deepStrictEqual(store.credentials.get("github"), record(2));
  deepStrictEqual(store.credentials.names(), ["aws", "github"]);
  await until(() => other.credentials.names().length === 2);
  deepStrictEqual(other.credentials.get("aws"), { ...record(3), salt: "" });
  await store.credentials.delete("github");
  await store.credentials.delete("github");
  strictEqual(store.credentials.get("github"), undefined);
  const error = await errorOf(store.credentials.put("x", { ...record(2), data: "?" }));
  strictEqual(error.name, "StoreSerializationError");
}

async function replaces(open: OpenStore): Promise<void> {
  await using store = await open();
  await store.credentials.put("github", record(2));
  strictEqual(await store.credentials.replace("github", record(1), record(3)), false);
  strictEqual(await store.credentials.replace("github", record(2), record(3)), true);
  strictEqual(await store.credentials.replace("none", record(2), record(3)), false);
  deepStrictEqual(store.credentials.get("github"), record(3));
}

async function ownership(open: OpenStore): Promise<void> {
  const [alice, bob] = ["alice", "bob"].map((id) => ({ id, scopes: [], resources: {} }));
  ok(alice && bob);
  await using store = await open();
  await using other = await open();
  await store.ownership.record("alice", "repo", "b");
  await store.ownership.record("alice", "repo", "a");
  deepStrictEqual(store.ownership.ownedResources(alice, "repo"), ["a", "b"]);
  await store.ownership.record("bob", "repo", "a");
  strictEqual(store.ownership.owns(bob, "repo", "a"), true);
  strictEqual(store.ownership.owns(alice, "repo", "a"), false);
  await store.ownership.revoke("repo", "b");
  await store.ownership.revoke("repo", "none");
  strictEqual(store.ownership.ownsAny(alice, "repo"), false);
  await until(() =>
    other.ownership.owns(bob, "repo", "a") && !other.ownership.ownsAny(alice, "repo")
  );
}

async function settings(open: OpenStore): Promise<void> {
  await using store = await open();
  await using other = await open();
  await store.settings.put("a", "1");
  await until(() => other.settings.get("a") === "1");
  await other.settings.put("a", undefined);
  await until(() => store.settings.get("a") === undefined);
}

async function audit(open: OpenStore): Promise<void> {
  await using store = await open({ now: () => 5 });
  store.audit.append({ kind: "auth.accepted", peer: "alice", remote: "192.0.2.1" });
  store.audit.append({ kind: "auth.refused", detail: `line\nbreak\0${"x".repeat(2_000)}` });
  await store.audit.flush();
  const [first, second] = await store.audit.list();
  deepStrictEqual([first?.kind, first?.peer, first?.at.getTime()], ["auth.accepted", "alice", 5]);
  strictEqual(second?.detail, `line\ufffdbreak\ufffd${"x".repeat(989)}`);
  strictEqual((await store.audit.list({ kind: "auth.refused" })).length, 1);
  strictEqual((await store.audit.list({ after: first?.id, peer: "alice" })).length, 0);
  const change = store.backend.write((tx) =>
    tx.updateTable("audit").set({ kind: "nothing" }).execute()
  );
  await change.catch(() => {}); // one database refuses, the other does nothing
  strictEqual((await store.audit.list())[0]?.kind, "auth.accepted");
}

async function follow(open: OpenStore): Promise<void> {
  await using writer = await open();
  await using reader = await open();
  const abort = new AbortController();
  writer.audit.append({ kind: "before" });
  await writer.audit.flush();
  const seen: string[] = [];
  const following = (async (): Promise<void> => {
    for await (const { kind } of reader.audit.follow(abort.signal)) seen.push(kind);
  })();
  await new Promise((resolve) => setTimeout(resolve, 50)); // it begins with what comes from now on
  for (let n = 0; n < 500; n++) writer.audit.append({ kind: `event-${n}` });
  await until(() => seen.length === 500);
  deepStrictEqual([seen[0], seen[499]], ["event-0", "event-499"]);
  abort.abort();
  await following;
}

async function retention(open: OpenStore): Promise<void> {
  let now = 1_000;
  await using store = await open({ now: () => now, audit: { maxAgeMs: 5_000, maxEntries: 3 } });
  store.audit.append({ kind: "old" });
  await store.audit.flush();
  now = 10_000;
  for (const kind of ["a", "b", "c", "d"]) store.audit.append({ kind });
  await store.audit.flush();
  await store.audit.prune();
  deepStrictEqual((await store.audit.list()).map(({ kind }) => kind), ["b", "c", "d"]);
}

/** Quotes, comments, wildcards, JSON, NUL, half a surrogate pair: each is data or refused. */
const NASTY: readonly string[] = [
  "'; drop table peers; --",
  `"; delete from peers where "1"="1`,
  "alice' or '1'='1",
  "$1",
  "?1",
  ":name",
  "%",
  "_",
  "\\",
  '{"$ne":null}',
  '["*"]',
  "__proto__",
  "constructor",
  "admin\0evil",
  "\ud800",
  "a\nb",
  "\u202eevil",
  "ß",
  "é",
  "e\u0301",
];

async function strings(open: OpenStore): Promise<void> {
  await using store = await open();
  const texts = [...NASTY, ...Array.from({ length: 80 }, randomText)];
  for (const [n, id] of texts.entries()) {
    const other = texts[(n * 7 + 3) % texts.length] ?? "";
    await keepOrRefuse(store, id, other);
  }
  strictEqual(store.identities.size, 0);
}

async function keepOrRefuse(store: Store, id: string, other: string): Promise<void> {
  const { identities } = store;
  const put = { displayName: other, groups: [other], resources: { [other]: [id] } };
  try {
    await identities.putPeer(peer(id, 1, put));
  } catch (error) {
    strictEqual(error instanceof Error && error.name, "StoreSerializationError");
    return;
  }
  const back = await identities.peer(id);
  deepStrictEqual([back?.displayName, back?.groups], [other, [other]]);
  deepStrictEqual(Object.entries(back?.resources ?? {}), [[other, [id]]]);
  strictEqual(identities.fromFingerprint(fingerprint(1))?.id, id);
  strictEqual(identities.size, 1);
  await identities.removePeer(id);
}

/** One to forty characters, from all of Unicode or from what SQL and JSON are made of. */
function randomText(): string {
  const marks = `'"\\;%_?$:{}[](),.-/* a0`;
  const fromMarks = Math.random() < 0.5;
  const length = 1 + Math.floor(Math.random() * 40);
  const characters = Array.from(
    { length },
    () =>
      fromMarks
        ? marks[Math.floor(Math.random() * marks.length)] ?? ""
        : String.fromCodePoint(Math.floor(Math.random() * 0x110000)),
  );
  return characters.join("");
}

async function rollsBack(open: OpenStore): Promise<void> {
  await using store = await open();
  const before = await store.stats();
  const error = await errorOf(store.backend.write(async (tx, touch) => {
    await tx.insertInto("settings").values({ name: "half", value: "1" }).execute();
    touch("settings", "half");
    throw new RangeError("Changed its mind");
  }));
  strictEqual(error.message, "Changed its mind");
  deepStrictEqual((await store.stats()).rows, before.rows);
  await store.settings.put("whole", "1");
  strictEqual(store.settings.get("half"), undefined);
}

async function manyWriters(open: OpenStore): Promise<void> {
  await using here = await open({ lockTimeoutMs: 60_000 });
  await using there = await open({ lockTimeoutMs: 60_000 });
  await Promise.all(Array.from({ length: 1_000 }, (_, n) => {
    const store = n % 2 === 0 ? here : there;
    return store.identities.putPeer(peer(`peer-${n}`, n));
  }));
  await here.refresh();
  strictEqual(here.identities.size, 1_000);
}

/** One transaction moves a key from one peer to the other: exactly one must have it, always. */
async function neverTorn(open: OpenStore): Promise<void> {
  await using writer = await open();
  await using reader = await open();
  const both = (holder: number): Promise<void> =>
    writer.identities.putPeers([
      peer("alice", 1, { fingerprints: [] }),
      peer("bob", 1, { fingerprints: [] }),
      peer(["alice", "bob"][holder] ?? "", 1, { displayName: `round ${holder}` }),
    ]);
  await both(0);
  await until(() => reader.identities.fromFingerprint(fingerprint(1)) !== undefined);
  let torn = 0;
  let looks = 0;
  const watching = setInterval(() => {
    looks++;
    if (!reader.identities.fromFingerprint(fingerprint(1))) torn++;
  }, 0);
  const stop = reader.identities.onChange(() => {
    if (!reader.identities.fromFingerprint(fingerprint(1))) torn++;
  });
  for (let round = 1; round <= 100; round++) await both(round % 2);
  await reader.refresh();
  clearInterval(watching);
  stop();
  strictEqual(reader.identities.fromFingerprint(fingerprint(1))?.id, "alice");
  ok(looks > 0);
  strictEqual(torn, 0);
}

async function maintains(open: OpenStore): Promise<void> {
  await using store = await open();
  await using reader = await open();
  await store.backend.write((_tx, touch) => {
    for (let n = 0; n < 20_600; n++) touch("filler", `${n}`);
    return Promise.resolve();
  });
  await store.maintain();
  const { rows } = await store.stats();
  ok((rows.notifications ?? 0) <= 20_000);
  await store.identities.putPeer(peer("alice", 1));
  await until(() => reader.identities.fromFingerprint(fingerprint(1)) !== undefined);
}

async function checks(open: OpenStore): Promise<void> {
  await using store = await open();
  await store.identities.putPeer(peer("alice", 1));
  deepStrictEqual(await store.backend.check(), { ok: true, problems: [] });
}
