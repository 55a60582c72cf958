/** Tokens made by callers, and attacks of those who make them. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { createToken, hashToken, type Identity } from "@alknet/core";

import { codeOf, type OperatedNode, operatedNode, OWNER } from "../testdata/operated_node.ts";
import { MAX_TOKENS_OF_MAKER } from "./about_tokens.ts";

const MALLORY = { peerId: "mallory", scopes: ["tokens:write", "tokens:read", "git:read"] };

/** Makes a token and returns its secret. */
async function made(node: OperatedNode, by: Identity, input: object): Promise<string> {
  const created = await node.call("tokens/create", input, by);
  ok(typeof created === "object" && created && "token" in created);
  return String(created.token);
}

/** The identity that a token stands for. */
function holder(node: OperatedNode, token: string): Identity {
  const identity = node.store.identities.fromToken(token);
  ok(identity);
  return identity;
}

Deno.test("a token is made, listed without its secret, and revoked", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  const mallory = node.as("mallory");
  const input = { name: "ci", scopes: ["git:read:site"], expiresInSeconds: 3_600 };
  const token = await made(node, mallory, input);
  match(token, /^alk_[a-z0-9]{8}_[a-z0-9]{32}$/);
  deepStrictEqual(holder(node, token).scopes, ["git:read:site"]);
  const listed = JSON.stringify(await node.call("tokens/list", {}, mallory));
  match(listed, /"createdBy":"mallory"/);
  ok(!listed.includes(token) && !listed.includes(hashToken(token)));
  strictEqual(await codeOf(node.call("tokens/create", input, mallory)), "CONFLICT");
  deepStrictEqual(await node.call("tokens/revoke", { name: "ci" }, mallory), { removed: "ci" });
  strictEqual(node.store.identities.fromToken(token), undefined);
  strictEqual(await codeOf(node.call("tokens/revoke", { name: "ci" }, mallory)), "NOT_FOUND");
});

Deno.test("the secret of a token reaches neither the audit nor the database", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  const token = await made(node, node.as("mallory"), { name: "ci", scopes: [] });
  await node.store.audit.flush();
  const kept = [
    ...await node.store.audit.list(),
    ...await node.store.backend.db.selectFrom("tokens").selectAll().execute(),
  ];
  const secret = token.slice("alk_12345678_".length);
  ok(kept.length > 1 && !JSON.stringify(kept).includes(secret));
});

Deno.test("a token's end of validity lies ahead and is said once", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  const create = (end: object) =>
    codeOf(node.call("tokens/create", { name: "ci", scopes: [], ...end }, OWNER));
  const past = new Date(Date.now() - 1_000).toISOString();
  const ahead = new Date(Date.now() + 60_000).toISOString();
  for (const expiresAt of [past, "soon", ""]) {
    strictEqual(await create({ expiresAt }), "INVALID_INPUT");
  }
  strictEqual(await create({ expiresAt: ahead, expiresInSeconds: 1 }), "INVALID_INPUT");
  strictEqual(await create({ expiresAt: ahead }), "ok");
});

// The same grant as to a peer, by another door.
Deno.test("a token cannot be given scopes that its maker lacks", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  for (const scope of ["*", "git:*", "git:write", "tokens:*", "peers:write"]) {
    const create = node.call("tokens/create", { name: "up", scopes: [scope] }, node.as("mallory"));
    strictEqual(await codeOf(create), "FORBIDDEN", scope);
  }
});

// Replacing the token of another under its name would change what its holder may do.
Deno.test("a token of another is neither replaced nor revoked by one who holds less", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  const mallory = node.as("mallory");
  const token = await made(node, OWNER, { name: "deploy", scopes: ["git:write"] });
  const create = node.call("tokens/create", { name: "deploy", scopes: [] }, mallory);
  strictEqual(await codeOf(create), "CONFLICT");
  strictEqual(await codeOf(node.call("tokens/revoke", { name: "deploy" }, mallory)), "FORBIDDEN");
  deepStrictEqual(holder(node, token).scopes, ["git:write"]);
});

// A token left behind is a back door: it must not outlive what its maker lost.
Deno.test("a token does not outlive its maker, nor do those made with it", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  const { identities } = node.store;
  const scopes = ["git:read", "tokens:write"];
  const first = await made(node, node.as("mallory"), { name: "first", scopes });
  const second = await made(node, holder(node, first), { name: "second", scopes: ["git:read"] });
  await identities.updatePeer("mallory", { scopes: ["tokens:write"] });
  deepStrictEqual(holder(node, second).scopes, []);
  await identities.updatePeer("mallory", { scopes: MALLORY.scopes, enabled: false });
  strictEqual(identities.fromToken(second), undefined);
  await identities.updatePeer("mallory", { enabled: true });
  deepStrictEqual(holder(node, second).scopes, ["git:read"]);
  await identities.removePeer("mallory");
  await identities.putPeer({ ...(await blank()), peerId: "mallory", scopes: ["*"] });
  for (const token of [first, second]) strictEqual(identities.fromToken(token), undefined);
});

// A short-lived token that makes a lasting one has made itself lasting.
Deno.test("a token made with a token ends with it", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  const { identities } = node.store;
  const { token, prefix } = createToken();
  const expiresAt = new Date(Date.now() + 400);
  const scopes = ["tokens:write"];
  await identities.putToken({ name: "short", prefix, hash: hashToken(token), scopes, expiresAt });
  const lasting = await made(node, holder(node, token), { name: "lasting", scopes });
  const begun = Date.now();
  while (identities.fromToken(lasting)) {
    ok(Date.now() - begun < 5_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  ok(Date.now() >= expiresAt.getTime());
});

// Each use of a token goes through its makers: a line without end would be work without end.
Deno.test("a line of tokens that make tokens has an end", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  let by = node.as("mallory");
  const scopes = ["tokens:write"];
  for (let n = 1; n <= 8; n++) by = holder(node, await made(node, by, { name: `t${n}`, scopes }));
  strictEqual(await codeOf(node.call("tokens/create", { name: "t9", scopes }, by)), "FORBIDDEN");
});

Deno.test("one identity makes so many tokens and no more", async () => {
  await using node = await operatedNode({ peers: [MALLORY] });
  await node.store.identities.change(async (changes) => {
    for (let n = 0; n < MAX_TOKENS_OF_MAKER; n++) {
      const { token, prefix } = createToken();
      const entry = { name: `t${n}`, prefix, hash: hashToken(token), scopes: [] };
      await changes.addToken({ ...entry, createdBy: "mallory" });
    }
  });
  const create = node.call("tokens/create", { name: "more", scopes: [] }, node.as("mallory"));
  strictEqual(await codeOf(create), "LIMIT_REACHED");
});

function blank() {
  return { fingerprints: [], sshKeys: [], resources: {}, enabled: true };
}
