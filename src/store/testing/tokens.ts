import { hashToken } from "@alknet/core";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { errorOf, type OpenStore, peer, type StoreCase, token, until } from "./harness.ts";

/** What every backend must do with tokens and invitations. */
export const TOKEN_CASES: readonly StoreCase[] = [
  { name: "a token is its own identity until it is removed", run: standsAlone },
  { name: "a token ends at its time, also when the clock jumps", run: expires },
  { name: "two tokens with one prefix are told apart", run: samePrefix },
  { name: "a peer's token stands for the peer, until its own end", run: peerToken },
  { name: "the last use of a token is noted, lazily", run: lastUse },
  { name: "a token never does more than its maker may now", run: boundByMaker },
  { name: "a token ends with its maker, whoever has that name next", run: endsWithMaker },
  { name: "a token may be made by an identity kept elsewhere", run: makerElsewhere },
  { name: "a token replaced under its name is another issue of it", run: reissued },
  { name: "an invitation adds a peer with what it grants, once", run: redeems },
  { name: "of 50 who use one invitation at once, one gets in", run: race },
  { name: "an invitation ends at its time and can be taken back", run: inviteEnds },
  { name: "an invitation stays open when the enrolment is refused", run: staysOpen },
];

async function standsAlone(open: OpenStore): Promise<void> {
  await using store = await open();
  await using other = await open();
  const { text, entry } = token("ci");
  await store.identities.putToken(entry);
  const identity = { id: "token:ci", scopes: ["git:read"], resources: {} };
  deepStrictEqual(store.identities.fromToken(text), identity);
  await until(() => other.identities.fromToken(text) !== undefined);
  strictEqual(store.identities.fromToken(`${text}x`), undefined);
  strictEqual(store.identities.fromToken(text.slice(0, -1)), undefined);
  strictEqual(store.identities.fromToken(text.slice(0, 12)), undefined);
  await store.identities.removeToken("ci");
  strictEqual(store.identities.fromToken(text), undefined);
  await until(() => other.identities.fromToken(text) === undefined);
}

async function reissued(open: OpenStore): Promise<void> {
  await using store = await open();
  await using other = await open();
  const { identities } = store;
  const [first, second] = [token("ci"), token("ci")];
  await identities.putPeer(peer("alice", 1));
  await identities.putToken(first.entry);
  const issue = identities.issueOf("token:ci");
  await until(() => other.identities.issueOf("token:ci") === issue);
  await identities.putToken({ ...first.entry, scopes: [] }); // the same token
  strictEqual(identities.issueOf("token:ci"), issue);
  await identities.putToken(second.entry);
  strictEqual(identities.fromToken(first.text), undefined);
  ok(identities.withId("token:ci"));
  ok(identities.issueOf("token:ci") !== issue);
  await until(() => other.identities.issueOf("token:ci") !== issue);
  deepStrictEqual([identities.issueOf("alice"), identities.issueOf("token:x")], [
    undefined,
    undefined,
  ]);
}

async function expires(open: OpenStore): Promise<void> {
  let now = 1_000_000;
  await using store = await open({ now: () => now });
  const { text, entry } = token("ci", { expiresAt: new Date(2_000_000) });
  await store.identities.putToken(entry);
  ok(store.identities.fromToken(text));
  now = 2_000_000;
  strictEqual(store.identities.fromToken(text), undefined);
  now = -1; // a clock that was set back opens nothing that was not valid then
  ok(store.identities.fromToken(text));
  now = 9e15;
  strictEqual(store.identities.fromToken(text), undefined);
}

async function samePrefix(open: OpenStore): Promise<void> {
  await using store = await open();
  const texts = ["a", "b", "c"].map((name) => `alk_abcdefgh_${name.repeat(32)}`);
  for (const [index, text] of texts.entries()) {
    const entry = { prefix: "abcdefgh", hash: hashToken(text), scopes: [] };
    await store.identities.putToken({ name: `t${index}`, ...entry });
  }
  const ids = (): (string | undefined)[] =>
    texts.map((text) => store.identities.fromToken(text)?.id);
  deepStrictEqual(ids(), ["token:t0", "token:t1", "token:t2"]);
  await store.identities.removeToken("t1");
  deepStrictEqual(ids(), ["token:t0", undefined, "token:t2"]);
}

async function peerToken(open: OpenStore): Promise<void> {
  let now = 1_000_000;
  await using store = await open({ now: () => now });
  const authTokenHash = hashToken("any text at all");
  const tokenExpiresAt = new Date(2_000_000);
  await store.identities.putPeer(peer("alice", 1, { authTokenHash, tokenExpiresAt }));
  strictEqual(store.identities.fromToken("any text at all")?.id, "alice");
  const error = await errorOf(store.identities.putPeer(peer("bob", 2, { authTokenHash })));
  strictEqual(error.name, "IdentityConflictError");
  now = 2_000_000;
  strictEqual(store.identities.fromToken("any text at all"), undefined);
  now = 1_000_000;
  await store.identities.updatePeer("alice", { enabled: false });
  strictEqual(store.identities.fromToken("any text at all"), undefined);
}

async function lastUse(open: OpenStore): Promise<void> {
  await using store = await open({ now: () => 1_234_567 });
  const { text, entry } = token("ci");
  await store.identities.putToken(entry);
  strictEqual((await store.identities.tokens())[0]?.lastUsedAt, undefined);
  for (let n = 0; n < 1_000; n++) store.identities.fromToken(text);
  strictEqual((await store.identities.tokens())[0]?.lastUsedAt?.getTime(), 1_234_567);
}

async function boundByMaker(open: OpenStore): Promise<void> {
  await using store = await open();
  const { identities } = store;
  await identities.putGroup({ name: "dev", scopes: ["git:write"] });
  const scopes = ["git:read", "tokens:write"];
  await identities.putPeer(peer("alice", 1, { scopes, groups: ["dev"] }));
  const made = { scopes: ["git:read:site", "git:write", "tokens:write"], createdBy: "alice" };
  const first = token("first", made);
  const second = token("second", { scopes: ["git:write"], createdBy: "token:first" });
  for (const { entry } of [first, second]) await identities.putToken(entry);
  const may = (text: string) => identities.fromToken(text)?.scopes;
  deepStrictEqual(may(first.text), made.scopes);
  deepStrictEqual(may(second.text), ["git:write"]);
  await identities.putGroup({ name: "dev", scopes: [] });
  deepStrictEqual([may(first.text), may(second.text)], [["git:read:site", "tokens:write"], []]);
  await identities.updatePeer("alice", { enabled: false });
  deepStrictEqual([may(first.text), may(second.text)], [undefined, undefined]);
  await identities.updatePeer("alice", { enabled: true, scopes: ["*"] });
  deepStrictEqual([may(first.text), may(second.text)], [made.scopes, ["git:write"]]);
}

async function endsWithMaker(open: OpenStore): Promise<void> {
  await using store = await open();
  const { identities } = store;
  await identities.putPeer(peer("alice", 1));
  const first = token("first", { createdBy: "alice" });
  const second = token("second", { createdBy: "token:first" });
  for (const { entry } of [first, second]) await identities.putToken(entry);
  await identities.removePeer("alice");
  await identities.putPeer(peer("alice", 2));
  deepStrictEqual(await identities.tokens(), []);
  strictEqual(identities.fromToken(second.text), undefined);
}

async function makerElsewhere(open: OpenStore): Promise<void> {
  let scopes: readonly string[] | undefined = ["git:read"];
  const elsewhere = (id: string) =>
    id === "bob" && scopes ? { id, scopes, resources: {} } : undefined;
  await using store = await open({ elsewhere });
  const { text, entry } = token("ci", { createdBy: "bob" });
  await store.identities.putToken(entry);
  deepStrictEqual(store.identities.fromToken(text)?.scopes, ["git:read"]);
  scopes = [];
  deepStrictEqual(store.identities.fromToken(text)?.scopes, []);
  scopes = undefined;
  strictEqual(store.identities.fromToken(text), undefined);
}

async function redeems(open: OpenStore): Promise<void> {
  await using store = await open();
  const { invite, secret } = await store.invites.create({ scopes: ["git:read"], groups: ["crew"] });
  const added = await store.invites.redeem(secret, peer("alice", 1, { scopes: ["*"] }));
  deepStrictEqual(added.scopes, ["git:read"]);
  deepStrictEqual(await store.identities.peer("alice").then((each) => each?.groups), ["crew"]);
  const error = await errorOf(store.invites.redeem(secret, peer("bob", 2)));
  deepStrictEqual([error.name, error.message], ["InviteRefusedError", "Invitation is used"]);
  const [listed] = await store.invites.list();
  deepStrictEqual([listed?.id, listed?.usedBy], [invite.id, "alice"]);
  ok(!JSON.stringify(listed).includes(secret));
}

async function race(open: OpenStore): Promise<void> {
  await using here = await open();
  await using there = await open();
  const { secret } = await here.invites.create();
  const attempts = Array.from({ length: 50 }, (_, n) => {
    const store = n % 2 === 0 ? here : there;
    return store.invites.redeem(secret, peer(`peer-${n}`, n));
  });
  const results = await Promise.allSettled(attempts);
  const won = results.filter(({ status }) => status === "fulfilled");
  strictEqual(won.length, 1);
  for (const result of results) {
    if (result.status === "rejected") strictEqual(result.reason.refusal, "used");
  }
  strictEqual((await Array.fromAsync(here.identities.peers())).length, 1);
}

async function inviteEnds(open: OpenStore): Promise<void> {
  let now = 1_000_000;
  await using store = await open({ now: () => now });
  const old = await store.invites.create({ expiresAt: new Date(2_000_000) });
  const revoked = await store.invites.create();
  await store.invites.revoke(revoked.invite.id);
  now = 2_000_000;
  for (
    const [secret, why] of [[old.secret, "expired"], [revoked.secret, "unknown"], ["", "unknown"]]
  ) {
    const error = await errorOf(store.invites.redeem(secret ?? "", peer("alice", 1)));
    strictEqual(error.message, `Invitation is ${why}`);
  }
}

async function staysOpen(open: OpenStore): Promise<void> {
  await using store = await open();
  await store.identities.putPeer(peer("alice", 1));
  const { secret } = await store.invites.create();
  for (const taken of [peer("alice", 2), peer("bob", 1)]) {
    strictEqual((await errorOf(store.invites.redeem(secret, taken))).name, "IdentityConflictError");
  }
  strictEqual((await store.invites.redeem(secret, peer("bob", 2))).peerId, "bob");
}
