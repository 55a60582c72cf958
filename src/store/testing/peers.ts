import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { errorOf, fingerprint, type OpenStore, peer, type StoreCase, until } from "./harness.ts";

/** What every backend must do with peers and groups. */
export const PEER_CASES: readonly StoreCase[] = [
  { name: "a peer is found by each of its keys, at once", run: findsByKeys },
  { name: "a peer comes back as it was put", run: comesBack },
  { name: "rotating a key keeps the id and every grant", run: rotates },
  { name: "one key cannot belong to two peers", run: refusesTakenKeys },
  { name: "a disabled peer resolves to nothing and is told from a stranger", run: disables },
  { name: "a change of a peer that is not there is refused", run: refusesMissing },
  { name: "scopes are those of the peer and of its groups, as the groups are now", run: groups },
  { name: "many peers are added all or none", run: allOrNone },
  { name: "another opening of the store follows every change", run: follows },
  { name: "listeners hear of a change after the reads answer by it", run: tells },
  { name: "the owner's key is the owner, whatever peers list", run: owner },
  { name: "peers are listed by id, over more than one page", run: lists },
];

async function findsByKeys(open: OpenStore): Promise<void> {
  await using store = await open();
  const ssh = new Uint8Array(51).fill(7);
  const fingerprints = [fingerprint(1), `SHA256:${"ab".repeat(32)}`];
  await store.identities.putPeer(peer("alice", 1, { fingerprints, sshKeys: [ssh.toBase64()] }));
  for (const key of fingerprints) {
    strictEqual(store.identities.fromFingerprint(key)?.id, "alice");
  }
  strictEqual(store.identities.fromSshKey(ssh)?.id, "alice");
  strictEqual(store.identities.fromFingerprint(`ssh:${ssh.toBase64()}`), undefined);
  strictEqual(store.identities.fromFingerprint(fingerprint(2)), undefined);
}

async function comesBack(open: OpenStore): Promise<void> {
  await using store = await open();
  const whole = peer("alice", 1, {
    sshKeys: [new Uint8Array(51).toBase64()],
    displayName: "Alice of Wonderland 🐇",
    nodeId: "yyyy",
    addresses: ["[::1]:1", "host:2"],
    authTokenHash: `sha256:${"0a".repeat(32)}`,
    tokenExpiresAt: new Date(1_900_000_000_000),
    groups: ["crew"],
    resources: { service: ["gitea", "b"], empty: [] },
    enabled: false,
  });
  await store.identities.putPeer(whole);
  deepStrictEqual(await store.identities.peer("alice"), whole);
  strictEqual(await store.identities.peer("bob"), undefined);
}

async function rotates(open: OpenStore): Promise<void> {
  await using store = await open();
  const { identities } = store;
  await identities.putPeer(peer("alice", 1, { resources: { service: ["a"] } }));
  await store.ownership.record("alice", "repo", "site");
  const before = identities.fromFingerprint(fingerprint(1));
  await identities.addFingerprint("alice", fingerprint(2));
  deepStrictEqual(identities.fromFingerprint(fingerprint(2)), before);
  await identities.removeFingerprint("alice", fingerprint(1));
  strictEqual(identities.fromFingerprint(fingerprint(1)), undefined);
  const after = identities.fromFingerprint(fingerprint(2));
  deepStrictEqual(after, before);
  strictEqual(after !== undefined && store.ownership.owns(after, "repo", "site"), true);
}

async function refusesTakenKeys(open: OpenStore): Promise<void> {
  await using store = await open();
  const { identities } = store;
  await identities.putPeer(peer("alice", 1));
  await identities.putPeer(peer("bob", 2));
  for (
    const attempt of [
      identities.putPeer(peer("carol", 1)),
      identities.addFingerprint("bob", fingerprint(1)),
    ]
  ) strictEqual((await errorOf(attempt)).name, "IdentityConflictError");
  strictEqual(identities.fromFingerprint(fingerprint(1))?.id, "alice");
  await identities.removePeer("alice");
  await identities.addFingerprint("bob", fingerprint(1));
  strictEqual(identities.fromFingerprint(fingerprint(1))?.id, "bob");
}

async function disables(open: OpenStore): Promise<void> {
  await using store = await open();
  const { identities } = store;
  await identities.putPeer(peer("alice", 1));
  strictEqual(identities.isDisabled(fingerprint(1)), false);
  await identities.updatePeer("alice", { enabled: false });
  strictEqual(identities.fromFingerprint(fingerprint(1)), undefined);
  strictEqual(identities.isDisabled(fingerprint(1)), true);
  strictEqual(identities.isDisabled(fingerprint(2)), false);
  await identities.updatePeer("alice", { enabled: true });
  strictEqual(identities.fromFingerprint(fingerprint(1))?.id, "alice");
}

async function refusesMissing(open: OpenStore): Promise<void> {
  await using store = await open();
  const { identities } = store;
  await identities.putPeer(peer("alice", 1));
  for (
    const attempt of [
      identities.updatePeer("bob", { enabled: false }),
      identities.removePeer("bob"),
      identities.addFingerprint("bob", fingerprint(2)),
      identities.removeFingerprint("alice", fingerprint(2)),
      identities.removeToken("bob"),
      identities.removeGroup("bob"),
      store.invites.revoke("bob"),
    ]
  ) {
    const error = await errorOf(attempt);
    strictEqual(error.name, "StoreNotFoundError");
    match(error.message, /^Cannot find/);
  }
}

async function groups(open: OpenStore): Promise<void> {
  await using store = await open();
  const { identities } = store;
  const scopes = (): readonly string[] | undefined =>
    identities.fromFingerprint(fingerprint(1))?.scopes;
  await identities.putPeer(peer("alice", 1, { groups: ["crew", "later"] }));
  deepStrictEqual(scopes(), ["git:read"]);
  await identities.putGroup({ name: "crew", scopes: ["git:read", "fs:read"] });
  deepStrictEqual(scopes(), ["git:read", "fs:read"]);
  await identities.putGroup({ name: "later", scopes: ["dns:write:example"] });
  deepStrictEqual(scopes(), ["git:read", "fs:read", "dns:write:example"]);
  await identities.removeGroup("crew");
  deepStrictEqual(scopes(), ["git:read", "dns:write:example"]);
  deepStrictEqual(await identities.groups(), [{ name: "later", scopes: ["dns:write:example"] }]);
}

async function allOrNone(open: OpenStore): Promise<void> {
  await using store = await open();
  await errorOf(store.identities.putPeers([peer("alice", 1), peer("bob", 1)]));
  strictEqual(store.identities.fromFingerprint(fingerprint(1)), undefined);
  strictEqual(await store.identities.peer("alice"), undefined);
}

async function follows(open: OpenStore): Promise<void> {
  await using writer = await open();
  await using reader = await open();
  const key = fingerprint(1);
  await writer.identities.putPeer(peer("alice", 1));
  await until(() => reader.identities.fromFingerprint(key)?.id === "alice");
  await writer.identities.putGroup({ name: "crew", scopes: ["fs:read"] });
  await writer.identities.updatePeer("alice", { groups: ["crew"] });
  await until(() => reader.identities.fromFingerprint(key)?.scopes.length === 2);
  await writer.identities.removePeer("alice");
  await until(() => reader.identities.fromFingerprint(key) === undefined);
}

async function tells(open: OpenStore): Promise<void> {
  await using writer = await open();
  await using reader = await open();
  const seen: (string | undefined)[] = [];
  const stop = reader.identities.onChange(() => {
    seen.push(reader.identities.fromFingerprint(fingerprint(1))?.id);
  });
  await writer.settings.put("unrelated", "x");
  await writer.identities.putPeer(peer("alice", 1));
  await until(() => seen.length > 0);
  deepStrictEqual(seen, ["alice"]);
  stop();
  await writer.identities.removePeer("alice");
  await until(() => reader.identities.fromFingerprint(fingerprint(1)) === undefined);
  deepStrictEqual(seen, ["alice"]);
}

async function owner(open: OpenStore): Promise<void> {
  await using store = await open({ owner: fingerprint(1) });
  await store.identities.putPeer(peer("alice", 1, { enabled: false }));
  deepStrictEqual(store.identities.fromFingerprint(fingerprint(1))?.scopes, ["*"]);
  strictEqual(store.identities.isDisabled(fingerprint(1)), false);
  const error = await errorOf(store.identities.putPeer(peer("owner", 2)));
  strictEqual(error.name, "StoreSerializationError");
}

async function lists(open: OpenStore): Promise<void> {
  await using store = await open();
  const all = Array.from({ length: 600 }, (_, n) => peer(`peer-${String(n).padStart(3, "0")}`, n));
  await store.identities.putPeers(all);
  const listed = await Array.fromAsync(store.identities.peers());
  deepStrictEqual(listed.map(({ peerId }) => peerId), all.map(({ peerId }) => peerId));
  deepStrictEqual(listed[300]?.fingerprints, all[300]?.fingerprints);
  await using again = await open();
  strictEqual(again.identities.size, 600);
  strictEqual(again.identities.fromFingerprint(fingerprint(599))?.id, "peer-599");
}
