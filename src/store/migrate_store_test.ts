import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { migrateStore } from "./migrate_store.ts";
import { openBackend, openStore } from "./store.ts";
import { errorOf, fingerprint, peer, token, until } from "./testing/harness.ts";
import { tempDirectory } from "./testing/temp.ts";

Deno.test("migrateStore() copies everything, and a running reader of the target takes it up", async () => {
  await using directory = await tempDirectory();
  await using from = await openStore(`sqlite:${directory.path}/from.db`);
  await from.identities.putPeers(
    Array.from({ length: 700 }, (_, n) => peer(`p-${n}`, n, { groups: ["crew"] })),
  );
  await from.identities.putGroup({ name: "crew", scopes: ["fs:read"] });
  const { text, entry } = token("ci");
  await from.identities.putToken(entry);
  const bytes = (length: number): string => new Uint8Array(length).toBase64();
  const parts = { salt: bytes(32), iv: bytes(12), data: bytes(40) };
  await from.credentials.put("github", { key_version: 3, ...parts });
  for (let n = 0; n < 300; n++) await from.ownership.record("p-1", "repo", `r-${n}`);
  const invite = await from.invites.create();
  for (let n = 0; n < 300; n++) from.audit.append({ kind: `event-${n}` });
  await from.audit.flush();

  await using to = await openStore(`sqlite:${directory.path}/to.db`);
  const { rows } = await migrateStore(from.backend, to.backend);
  strictEqual(rows.peers, 700);
  strictEqual(rows.ownership, 300);
  await until(() => to.identities.size === 700);
  deepStrictEqual(to.identities.fromFingerprint(fingerprint(9))?.scopes, ["git:read", "fs:read"]);
  strictEqual(to.identities.fromToken(text)?.id, "token:ci");
  deepStrictEqual(to.credentials.get("github"), { key_version: 3, ...parts });
  strictEqual((await to.audit.list({ limit: 1 }))[0]?.kind, "event-299");
  to.audit.append({ kind: "after" });
  await to.audit.flush();
  strictEqual((await to.invites.redeem(invite.secret, peer("new", 9_999))).peerId, "new");
});

Deno.test("migrateStore() refuses a target with rows in it", async () => {
  await using directory = await tempDirectory();
  await using from = await openBackend(`sqlite:${directory.path}/from.db`);
  await using to = await openStore(`sqlite:${directory.path}/to.db`);
  await to.identities.putPeer(peer("alice", 1));
  match((await errorOf(migrateStore(from, to.backend))).message, /^Cannot copy into a store with/);
  strictEqual(to.identities.fromFingerprint(fingerprint(1))?.id, "alice");
});
