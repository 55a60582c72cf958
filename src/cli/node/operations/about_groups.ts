import { type AccessControl, type Operation, operation } from "@alknet/operations";
import { noteChange } from "../note_change.ts";
import { assertMayGive, changeAs } from "./change.ts";
import { CHANGE_ERRORS, NAME, NOTHING, ONE_NAME, REMOVED, SCOPES, TEXT, TEXTS } from "./schemas.ts";
import type { OperationSources } from "./sources.ts";

const PEERS_READ: AccessControl = { requiredScopes: ["peers:read"] };

/** A change of a group changes whoever is in it, so it is for those alone who hold everything. */
const EVERYTHING: AccessControl = { requiredScopes: ["*"] };

const GROUP = {
  type: "object",
  properties: { name: TEXT, scopes: TEXTS },
  required: ["name", "scopes"],
} as const;

/** Operations with groups. */
export function aboutGroups(sources: OperationSources): Operation[] {
  const { store } = sources;
  return [
    operation({
      name: "groups/list",
      type: "query",
      access: PEERS_READ,
      description: "Named sets of scopes that peers can be in",
      input: NOTHING,
      output: { type: "array", items: GROUP },
      handler: async () =>
        (await store.identities.groups()).map(({ name, scopes }) => ({
          name,
          scopes: [...scopes],
        })),
    }),
    operation({
      name: "groups/put",
      access: EVERYTHING,
      idempotent: true,
      description: "Make a group, or replace its scopes; its members have them at once",
      input: {
        type: "object",
        properties: { name: NAME, scopes: SCOPES },
        required: ["name", "scopes"],
        additionalProperties: false,
      },
      output: GROUP,
      errors: CHANGE_ERRORS,
      handler: async ({ name, scopes }, context) => {
        const label = { what: `groups/put ${name}`, context };
        const by = await changeAs(sources, label, async ({ changes, authority, caller }) => {
          assertMayGive(authority, { scopes, groups: [name] });
          await changes.putGroup({ name, scopes });
          return caller.id;
        });
        noteChange(store, { by, kind: "group.changed", what: `${name}: ${scopes.join(" ")}` });
        return { name, scopes };
      },
    }),
    operation({
      name: "groups/remove",
      access: EVERYTHING,
      description: "Remove a group; its members keep their own scopes",
      input: ONE_NAME,
      output: REMOVED,
      errors: CHANGE_ERRORS,
      handler: async ({ name }, context) => {
        const label = { what: `groups/remove ${name}`, context };
        const by = await changeAs(sources, label, async ({ changes, authority, caller }) => {
          assertMayGive(authority, { groups: [name] });
          await changes.removeGroup(name);
          return caller.id;
        });
        noteChange(store, { by, kind: "group.removed", what: name });
        return { removed: name };
      },
    }),
  ];
}
