import fc from "fast-check";
import { hasScope, type Identity } from "@alknet/core";
import { CallError } from "@alknet/operations";
import { ok } from "node:assert/strict";

import { keyOf, type OperatedNode, operatedNode } from "../testdata/operated_node.ts";

/** The attacker's own key, those of its puppets, and the key of the administrator. */
const OWN = 0;
const PUPPETS = [0x100, 0x101, 0x102];

const MINE: ReadonlySet<string> = new Set([OWN, ...PUPPETS].map(keyOf));

const START = {
  scopes: ["peers:write", "tokens:write", "git:read", "fs:*"],
  groups: ["mine"],
  resources: { service: ["gitea"] },
};

const scope = fc.constantFrom(
  ...["*", "git:*", "git:read", "git:read:site", "git:write", "fs:*", "fs:read", "peers:*"],
  ...["peers:write", "peers:dial", "tokens:write", "tokens:*", "node:write", "ci:run"],
);
const group = fc.constantFrom("mine", "theirs", "later");
const peerId = fc.constantFrom("mallory", "admin", "victim", "puppet", "other", "owner");
const token = fc.constantFrom("t1", "t2", "deploy");
const fields = fc.record({
  scopes: fc.uniqueArray(scope, { maxLength: 3 }),
  groups: fc.uniqueArray(group, { maxLength: 2 }),
  resources: fc.constantFrom({}, { service: ["gitea"] }, { service: ["vault"] }, { other: ["x"] }),
  fingerprints: fc.uniqueArray(fc.constantFrom(...[OWN, ...PUPPETS].map(keyOf)), { maxLength: 3 }),
  enabled: fc.boolean(),
}, { requiredKeys: [] });

/** What the attacker does, with one of the credentials it has; and what goes on around it. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("put"), by: fc.nat(9), peerId, fields }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove"), by: fc.nat(9), peerId }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("create"),
      by: fc.nat(9),
      name: token,
      scopes: fc.uniqueArray(scope, { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("revoke"), by: fc.nat(9), name: token }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("raise group"),
      group: fc.constantFrom("theirs", "later"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("raise victim") }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** What happens in the end whatever was done before: what was prepared for it shows then. */
const AFTERWARDS: readonly Step[] = [
  { do: "raise group", group: "theirs" },
  { do: "raise group", group: "later" },
  { do: "raise victim" },
];

/** Tokens of the attacker, and the identities that all its credentials stand for now. */
class Attacker {
  readonly #tokens: string[] = [];
  readonly #node: OperatedNode;

  constructor(node: OperatedNode) {
    this.#node = node;
  }

  get identities(): Identity[] {
    const { identities } = this.#node.store;
    return [
      ...[OWN, ...PUPPETS].map((key) => identities.fromFingerprint(keyOf(key))),
      ...this.#tokens.map((each) => identities.fromToken(each)),
    ].filter((each) => each !== undefined);
  }

  async act(action: Step): Promise<void> {
    const { identities } = this.#node.store;
    if (action.do === "raise group" && "group" in action) {
      return await identities.putGroup({ name: action.group, scopes: ["*"] });
    }
    if (action.do === "raise victim") {
      // One that the attacker manages, and has given a key to, was the attacker's before.
      const victim = await identities.peer("victim");
      if (!victim || victim.fingerprints.some((key) => MINE.has(key))) return;
      return await identities.updatePeer("victim", { scopes: ["*"] });
    }
    const all = this.identities;
    const by = "by" in action ? all[action.by % Math.max(1, all.length)] : undefined;
    try {
      if ("fields" in action) {
        await this.#call("peers/put", { peerId: action.peerId, ...action.fields }, by);
      } else if ("peerId" in action) {
        await this.#call("peers/remove", { peerId: action.peerId }, by);
      } else if ("scopes" in action) await this.#create(action.name, action.scopes, by);
      else if ("name" in action) await this.#call("tokens/revoke", { name: action.name }, by);
    } catch (error) {
      if (!(error instanceof CallError) || error.code === "INTERNAL") throw error;
    }
  }

  #call(name: string, input: unknown, by: Identity | undefined): Promise<unknown> {
    return this.#node.call(name, input, by);
  }

  async #create(name: string, scopes: readonly string[], by: Identity | undefined): Promise<void> {
    const made = await this.#call("tokens/create", { name, scopes }, by);
    if (typeof made === "object" && made && "token" in made) this.#tokens.push(String(made.token));
  }
}

// Attacks in many steps: puppets that make puppets, tokens that make tokens, entries that are
// removed and made anew, groups that come to mean more, peers that are raised at the wrong moment.
Deno.test("no line of operations gives its author more than it began with", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      await using node = await operatedNode({
        peers: [
          { peerId: "mallory", ...START },
          { peerId: "admin", scopes: ["*"] },
          { peerId: "victim", scopes: ["git:read"] },
        ],
      });
      const { identities } = node.store;
      await identities.putGroup({ name: "mine", scopes: ["ci:run"] });
      await identities.putGroup({ name: "theirs", scopes: ["git:read"] });
      const held: Identity = { id: "all", resources: {}, scopes: [...START.scopes, "ci:run"] };
      const attacker = new Attacker(node);
      for (const action of [...steps, ...AFTERWARDS]) {
        await attacker.act(action);
        for (const { id, scopes, resources } of attacker.identities) {
          for (const each of scopes) ok(hasScope(held, each), `${id} has ${each}`);
          for (const [type, names] of Object.entries(resources)) {
            ok(type === "service" && names.every((name) => name === "gitea"), `${id} has ${type}`);
          }
        }
        const admin = identities.fromFingerprint(keyOf(1));
        ok(admin?.id === "admin" && admin.scopes.includes("*"), "The administrator is out");
      }
    }),
    { numRuns: 150 },
  );
});
