import { deepStrictEqual, match, notStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { anyText } from "../../tests/tools/any_text.ts";
import {
  ConfigIdentities,
  createToken,
  hashToken,
  IdentityConflictError,
  OWNER_ID,
  type PeerEntry,
  type TokenEntry,
} from "./config_identities.ts";
import { NOBODY } from "./identity.ts";
import { joinIdentities } from "./join_identities.ts";

function peer(peerId: string, more: Partial<PeerEntry> = {}): PeerEntry {
  return {
    peerId,
    fingerprints: [`print-${peerId}`],
    sshKeys: [],
    scopes: ["git:read"],
    resources: { service: ["gitea"] },
    enabled: true,
    ...more,
  };
}

function token(name: string, text: string, more: Partial<TokenEntry> = {}): TokenEntry {
  const prefix = /^alk_(.{8})_/.exec(text)?.[1] ?? "";
  return { name, prefix, hash: hashToken(text), scopes: ["git:read"], ...more };
}

Deno.test("token hashes are those of the reference", () => {
  strictEqual(
    hashToken("alk_testsecret123"),
    "sha256:61210fdb492c840f1838774b822c184083c4093c7cb93e6c2c33732ff3b8903c",
  );
});

Deno.test("a peer is found by its key, its token and its SSH key under one id", () => {
  const blob = new Uint8Array([1, 2, 3]);
  const entry = peer("laptop", {
    sshKeys: [blob.toBase64()],
    authTokenHash: hashToken("bearer-secret"),
  });
  const identities = new ConfigIdentities({ peers: [entry], tokens: [] });
  for (
    const found of [
      identities.fromFingerprint("print-laptop"),
      identities.fromToken("bearer-secret"),
      identities.fromSshKey(blob),
    ]
  ) {
    strictEqual(found?.id, "laptop");
    strictEqual(found?.resources.service?.[0], "gitea");
  }
  strictEqual(identities.fromToken("other"), undefined);
});

Deno.test("a disabled peer is found by nothing, and its key is known to be switched off", () => {
  const entry = peer("laptop", { enabled: false, authTokenHash: hashToken("t") });
  const identities = new ConfigIdentities({ peers: [entry], tokens: [] });
  strictEqual(identities.fromFingerprint("print-laptop"), undefined);
  strictEqual(identities.fromToken("t"), undefined);
  strictEqual(identities.isDisabled("print-laptop"), true);
  strictEqual(identities.isDisabled("print-other"), false);
});

Deno.test("two tokens with one prefix both work: the reference took the first only", () => {
  const [a, b] = ["alk_aaaaaaaa_one", "alk_aaaaaaaa_two"];
  const identities = new ConfigIdentities({ peers: [], tokens: [token("a", a), token("b", b)] });
  strictEqual(identities.fromToken(a)?.id, "token:a");
  strictEqual(identities.fromToken(b)?.id, "token:b");
  strictEqual(identities.fromToken("alk_aaaaaaaa_three"), undefined);
});

Deno.test("a token ends when it expires, by the clock of the moment", () => {
  let now = 1_000;
  const text = "alk_aaaaaaaa_x";
  const entry = token("a", text, { expiresAt: new Date(2_000) });
  const identities = new ConfigIdentities({ peers: [], tokens: [entry] }, () => now);
  strictEqual(identities.fromToken(text)?.id, "token:a");
  now = 2_000;
  strictEqual(identities.fromToken(text), undefined);
});

Deno.test("created tokens differ, are found by their prefix, and are never found cut off", () => {
  const made = createToken();
  notStrictEqual(made.token, createToken().token);
  match(made.token, /^alk_[a-z0-9]{8}_[a-z0-9]{32}$/);
  const identities = new ConfigIdentities({ peers: [], tokens: [token("a", made.token)] });
  strictEqual(identities.fromToken(made.token)?.id, "token:a");
  for (let end = 0; end < made.token.length; end++) {
    strictEqual(identities.fromToken(made.token.slice(0, end)), undefined);
  }
});

Deno.test("whatever is presented as a token, the answer is nobody", () => {
  const identities = new ConfigIdentities({
    peers: [peer("a", { authTokenHash: hashToken("s3cret") })],
    tokens: [token("t", createToken().token)],
  });
  fc.assert(fc.property(fc.oneof(fc.string(), anyText()), (text) => {
    strictEqual(text === "s3cret" || identities.fromToken(text) === undefined, true);
  }));
  strictEqual(identities.fromToken("x".repeat(1_000_000)), undefined);
});

Deno.test("the node's own key is the owner", () => {
  const identities = new ConfigIdentities({ peers: [], tokens: [], owner: "own" });
  strictEqual(identities.fromFingerprint("own")?.id, OWNER_ID);
  strictEqual(identities.fromFingerprint("own")?.scopes[0], "*");
});

Deno.test("entries that contradict each other change nothing", () => {
  const identities = new ConfigIdentities({ peers: [peer("a")], tokens: [] });
  const same = { fingerprints: ["print-a"] };
  for (
    const entries of [
      { peers: [peer("a"), peer("a", { fingerprints: [] })], tokens: [] },
      { peers: [peer("a"), peer("b", same)], tokens: [] },
      { peers: [], tokens: [token("t", "x"), token("t", "y")] },
      { peers: [], tokens: [token("t", "x", { hash: "md5:1" })] },
      { peers: [peer("b", same)], tokens: [], owner: "print-a" },
    ]
  ) throws(() => identities.replace(entries), IdentityConflictError);
  strictEqual(identities.fromFingerprint("print-a")?.id, "a");
});

Deno.test("replace() is seen by the next read and told to listeners", () => {
  const identities = new ConfigIdentities({ peers: [], tokens: [] });
  const seen: (string | undefined)[] = [];
  const stop = identities.onChange(() => seen.push(identities.fromFingerprint("print-a")?.id));
  identities.replace({ peers: [peer("a")], tokens: [] });
  identities.replace({ peers: [], tokens: [] });
  stop();
  identities.replace({ peers: [peer("a")], tokens: [] });
  strictEqual(seen.join(), "a,");
});

Deno.test("issueOf() tells a token from the next under its name, and nothing of peers", () => {
  const identities = new ConfigIdentities({ peers: [peer("a")], tokens: [token("t", "x")] });
  const first = identities.issueOf("token:t");
  identities.replace({ peers: [peer("a")], tokens: [token("t", "x")] });
  strictEqual(identities.issueOf("token:t"), first);
  identities.replace({ peers: [peer("a")], tokens: [token("t", "y")] });
  const joined = joinIdentities([NOBODY, identities]);
  strictEqual(joined.issueOf?.("token:t"), identities.issueOf("token:t"));
  strictEqual(joined.issueOf?.("token:t") === first, false);
  deepStrictEqual([joined.issueOf?.("a"), joined.issueOf?.("token:u")], [undefined, undefined]);
});
