/** Attacks of callers that may change peers and tokens, and want more than they were given. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { hashToken, type Identity } from "@alknet/core";

import { codeOf, keyOf, operatedNode, OWNER } from "../testdata/operated_node.ts";

const MINE = keyOf(0xbad);
const MALLORY = {
  peerId: "mallory",
  scopes: ["peers:write", "peers:read", "tokens:write", "git:read:site"],
  resources: { service: ["gitea"] },
};
const ADMIN = { peerId: "admin", scopes: ["*"] };

// A holder of peers:write names any scope it likes for a peer whose key it has.
Deno.test("a peer cannot be given scopes that its maker lacks, wildcards among them", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  const mallory = node.as("mallory");
  for (
    const scope of [
      "*",
      "git:*",
      "git:read",
      "git:read:*",
      "git:read:sit",
      "git:write:site",
      "peers:*",
    ]
  ) {
    const input = { peerId: "puppet", fingerprints: [MINE], scopes: [scope] };
    strictEqual(await codeOf(node.call("peers/put", input, mallory)), "FORBIDDEN", scope);
  }
  strictEqual(node.store.identities.fromFingerprint(MINE), undefined);
  const fair = {
    peerId: "puppet",
    fingerprints: [MINE],
    scopes: ["git:read:site", "peers:write:x"],
  };
  strictEqual(await codeOf(node.call("peers/put", fair, mallory)), "ok");
});

// Resources are the other half of what an identity may do.
Deno.test("a peer cannot be given resources that its maker lacks", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  const put = (resources: unknown) =>
    codeOf(node.call("peers/put", { peerId: "puppet", resources }, node.as("mallory")));
  strictEqual(await put({ service: ["gitea", "vault"] }), "FORBIDDEN");
  strictEqual(await put({ volume: ["gitea"] }), "FORBIDDEN");
  strictEqual(await put(JSON.parse('{"__proto__":["gitea"]}')), "FORBIDDEN");
  strictEqual(await put({ service: ["gitea"] }), "ok");
});

// The shortest way up: one's own key in the administrator's entry, or the entry out of the way.
Deno.test("a peer that holds more cannot be changed, kept out or removed", async () => {
  await using node = await operatedNode({ peers: [MALLORY, ADMIN] });
  const mallory = node.as("mallory");
  const before = await node.store.identities.peer("admin");
  for (
    const change of [
      { fingerprints: [MINE] },
      { sshKeys: ["AAAAC3NzaC1lZDI1NTE5AAAA"] },
      { enabled: false },
      { scopes: [] },
      { displayName: "admin" },
      {},
    ]
  ) {
    const input = { peerId: "admin", ...change };
    strictEqual(await codeOf(node.call("peers/put", input, mallory)), "FORBIDDEN");
  }
  strictEqual(await codeOf(node.call("peers/remove", { peerId: "admin" }, mallory)), "FORBIDDEN");
  deepStrictEqual(await node.store.identities.peer("admin"), before);
});

// An administrator who was switched off is still one, once switched on with a new key.
Deno.test("a disabled peer that holds more cannot be switched on", async () => {
  await using node = await operatedNode({ peers: [MALLORY, { ...ADMIN, enabled: false }] });
  const input = { peerId: "admin", enabled: true, fingerprints: [MINE] };
  strictEqual(await codeOf(node.call("peers/put", input, node.as("mallory"))), "FORBIDDEN");
});

// Groups name scopes indirectly: those they have, will have, or have by a name not taken yet.
Deno.test("a peer cannot be put into a group that its maker is not in", async () => {
  const member = { ...MALLORY, peerId: "member", groups: ["dev"] };
  await using node = await operatedNode({ peers: [MALLORY, member] });
  await node.store.identities.putGroup({ name: "admins", scopes: ["*"] });
  await node.store.identities.putGroup({ name: "dev", scopes: ["git:read:site"] });
  const put = (group: string, by: string) =>
    codeOf(node.call("peers/put", { peerId: "puppet", groups: [group] }, node.as(by)));
  strictEqual(await put("admins", "mallory"), "FORBIDDEN");
  strictEqual(await put("dev", "mallory"), "FORBIDDEN"); // holds what it gives today, not tomorrow
  strictEqual(await put("not-yet", "mallory"), "FORBIDDEN");
  strictEqual(await put("dev", "member"), "ok");
  strictEqual(await put("admins", "member"), "FORBIDDEN");
});

// Whoever changes a group changes everybody in it.
Deno.test("groups are changed by those alone who hold everything", async () => {
  const peers = [{ ...MALLORY, scopes: ["peers:*", "groups:*", "tokens:*"], groups: ["dev"] }];
  await using node = await operatedNode({ peers });
  for (const [name, input] of [["put", { name: "dev", scopes: [] }], ["remove", { name: "dev" }]]) {
    strictEqual(await codeOf(node.call(`groups/${name}`, input, node.as("mallory"))), "FORBIDDEN");
  }
  strictEqual(await codeOf(node.call("groups/put", { name: "dev", scopes: ["a:b"] }, OWNER)), "ok");
});

// One's own entry is an entry like any other.
Deno.test("a peer cannot raise itself, and may change what it holds anyway", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  const put = (fields: unknown) =>
    codeOf(node.call("peers/put", { peerId: "mallory", ...fields as object }, node.as("mallory")));
  strictEqual(await put({ scopes: ["*"] }), "FORBIDDEN");
  strictEqual(await put({ groups: ["admins"] }), "FORBIDDEN");
  strictEqual(await put({ fingerprints: [keyOf(0), MINE] }), "ok");
  strictEqual(node.store.identities.fromFingerprint(MINE)?.id, "mallory");
});

// Ids that the program gives carry rights by themselves: "owner", "token:…".
Deno.test("no peer can be called as the owner or a token is", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  for (const peerId of ["owner", "token:ci", "../x", "", "a b", "a\u0000"]) {
    const code = await codeOf(node.call("peers/put", { peerId }, OWNER));
    strictEqual(code, "INVALID_INPUT", peerId);
  }
});

// The entry of the file comes first by key; one of the store with its name would own what it owns,
// and a disabled one with its key would keep it out.
Deno.test("entries of identities.toml are neither shadowed nor kept out", async () => {
  const fileKey = keyOf(0xf11e);
  const alice = {
    peerId: "alice",
    fingerprints: [fileKey],
    sshKeys: ["AAAAC3NzaC1lZDI1NTE5BBBB"],
    scopes: ["*"],
    resources: {},
    enabled: true,
  };
  const token = { name: "deploy", prefix: "abcdefgh", hash: hashToken("x"), scopes: [] };
  await using node = await operatedNode({ byHand: { peers: [alice], tokens: [token] } });
  for (
    const [name, input] of [
      ["peers/put", { peerId: "alice", fingerprints: [MINE] }],
      ["peers/put", { peerId: "bob", fingerprints: [fileKey], enabled: false }],
      ["peers/put", { peerId: "bob", sshKeys: alice.sshKeys }],
      ["peers/remove", { peerId: "alice" }],
      ["tokens/create", { name: "deploy", scopes: [] }],
      ["tokens/revoke", { name: "deploy" }],
    ] as const
  ) strictEqual(await codeOf(node.call(name, input, OWNER)), "CONFLICT", name);
});

// An identity of the file has no groups, whatever an entry of the store with its name has.
Deno.test("a caller of identities.toml is in no group of the store", async () => {
  const caller: Identity = { id: "twin", scopes: ["peers:write"], resources: {} };
  const byHand = {
    peers: [{ ...caller, peerId: "twin", fingerprints: [], sshKeys: [], enabled: true }],
    tokens: [],
  };
  await using node = await operatedNode({ peers: [{ peerId: "twin", groups: ["dev"] }], byHand });
  const input = { peerId: "puppet", groups: ["dev"] };
  strictEqual(await codeOf(node.call("peers/put", input, caller)), "FORBIDDEN");
});

// Ownership goes by id: whoever makes an entry of the name of one that is gone inherits.
Deno.test("a name that owns something cannot be taken, given keys or removed", async () => {
  await using node = await operatedNode({ peers: [MALLORY, { peerId: "carol" }] });
  const mallory = node.as("mallory");
  await node.store.ownership.record("carol", "container", "7");
  await node.store.ownership.record("gone", "container", "8");
  await node.store.ownership.record("token:gone", "container", "9");
  for (
    const [name, input] of [
      ["peers/put", { peerId: "carol", fingerprints: [MINE] }],
      ["peers/remove", { peerId: "carol" }],
      ["peers/put", { peerId: "gone", fingerprints: [MINE] }],
      ["tokens/create", { name: "gone", scopes: [] }],
    ] as const
  ) strictEqual(await codeOf(node.call(name, input, mallory)), "FORBIDDEN", name);
  await node.store.ownership.record("mallory", "container", "10");
  strictEqual(await codeOf(node.call("peers/put", { peerId: "mallory" }, mallory)), "ok");
});

// A name that this node dials, pointed at a node of the attacker's, brings it what was meant for
// another; removing and adding the entry anew is the same in two steps.
Deno.test("where a peer is dialled is changed with peers:dial only", async () => {
  const addresses = ["head.example:4433"];
  await using node = await operatedNode({ peers: [MALLORY, { peerId: "head", addresses }] });
  const mallory = node.as("mallory");
  const put = (by: Identity, fields: object) =>
    codeOf(node.call("peers/put", { peerId: "head", ...fields }, by));
  strictEqual(await put(mallory, { addresses: ["evil.example:4433"] }), "FORBIDDEN");
  const remove = node.call("peers/remove", { peerId: "head" }, mallory);
  strictEqual(await codeOf(remove), "FORBIDDEN");
  const dialler = { ...mallory, scopes: [...mallory.scopes, "peers:dial"] };
  strictEqual(await put(dialler, { addresses: ["other.example:4433"] }), "ok");
  strictEqual(await put(dialler, { addresses: ["no port"] }), "INVALID_INPUT");
  strictEqual(await put(dialler, { nodeId: "x" }), "INVALID_INPUT");
});

// A key belongs to one peer: taking it over would take its connections over.
Deno.test("a key of another peer is a conflict, and says nothing of whose it is", async () => {
  await using node = await operatedNode({ peers: [MALLORY, { peerId: "carol" }] });
  const input = { peerId: "puppet", fingerprints: [keyOf(1)] };
  await rejects(node.call("peers/put", input, node.as("mallory")), (error: Error) => {
    ok("code" in error && error.code === "CONFLICT");
    return !error.message.includes("carol");
  });
});

// What was checked must still hold when it is written: a peer may be raised in between.
Deno.test("a peer that is raised while it is being changed is not taken over", async () => {
  await using node = await operatedNode({ peers: [MALLORY, { peerId: "carol" }] });
  const mallory = node.as("mallory");
  const results = await Promise.all(Array.from({ length: 20 }, async (_, n) => {
    const key = keyOf(0x1000 + n);
    const taken = codeOf(
      node.call("peers/put", { peerId: "carol", fingerprints: [keyOf(1), key] }, mallory),
    );
    const raised = n === 10 ? node.store.identities.updatePeer("carol", { scopes: ["*"] }) : null;
    await raised;
    return await taken;
  }));
  ok(results.includes("FORBIDDEN"));
  const carol = await node.store.identities.peer("carol");
  deepStrictEqual(carol?.scopes, ["*"]);
});

Deno.test("a refused change is noted with who tried, and a change with who made it", async () => {
  await using node = await operatedNode({ peers: [MALLORY, ADMIN] });
  const mallory = node.as("mallory");
  await codeOf(node.call("peers/put", { peerId: "admin", enabled: false }, mallory));
  await node.call("peers/put", { peerId: "puppet", scopes: [] }, mallory);
  await node.call("peers/remove", { peerId: "puppet" }, mallory);
  await node.store.audit.flush();
  const noted = await node.store.audit.list();
  deepStrictEqual(noted.map(({ kind, peer, detail }) => [kind, peer, detail]), [
    ["change.refused", "mallory", "peers/put admin"],
    ["peer.added", "mallory", "puppet: scopes"],
    ["peer.removed", "mallory", "puppet"],
  ]);
  match(noted[0]?.at.toISOString() ?? "", /^\d{4}/);
});
