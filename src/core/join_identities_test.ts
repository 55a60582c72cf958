import { strictEqual } from "node:assert/strict";
import { ConfigIdentities, type PeerEntry } from "./config_identities.ts";
import { joinIdentities } from "./join_identities.ts";

function peer(peerId: string, print: string, enabled = true): PeerEntry {
  return {
    peerId,
    fingerprints: [print],
    sshKeys: [],
    scopes: [],
    resources: {},
    enabled,
  };
}

Deno.test("the first provider that knows a key answers", () => {
  const one = new ConfigIdentities({ peers: [peer("a", "x")], tokens: [] });
  const two = new ConfigIdentities({ peers: [peer("b", "x"), peer("c", "y")], tokens: [] });
  const joined = joinIdentities([one, two]);
  strictEqual(joined.fromFingerprint("x")?.id, "a");
  strictEqual(joined.fromFingerprint("y")?.id, "c");
  strictEqual(joined.fromFingerprint("z"), undefined);
});

Deno.test("a key that one provider has switched off gets nothing from another", () => {
  const one = new ConfigIdentities({ peers: [peer("a", "x")], tokens: [] });
  const two = new ConfigIdentities({ peers: [peer("b", "x", false)], tokens: [] });
  const joined = joinIdentities([one, two]);
  strictEqual(joined.isDisabled("x"), true);
  strictEqual(joined.fromFingerprint("x"), undefined);
});

Deno.test("changes of any provider are told, until that is stopped", () => {
  const one = new ConfigIdentities({ peers: [], tokens: [] });
  const two = new ConfigIdentities({ peers: [], tokens: [] });
  let told = 0;
  const stop = joinIdentities([one, two]).onChange(() => told++);
  one.replace({ peers: [], tokens: [] });
  two.replace({ peers: [], tokens: [] });
  strictEqual(told, 2);
  stop();
  one.replace({ peers: [], tokens: [] });
  strictEqual(told, 2);
});
