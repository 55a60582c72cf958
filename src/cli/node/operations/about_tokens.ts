import {
  type AccessControl,
  CallError,
  type Operation,
  operation,
  type OperationContext,
} from "@alknet/operations";
import type { IdentityChanges, StoredToken } from "@alknet/store";
import { newToken } from "../new_token.ts";
import { noteChange } from "../note_change.ts";
import {
  assertMayGive,
  assertMayTouch,
  changeAs,
  conflict,
  forbidden,
  invalid,
  missing,
} from "./change.ts";
import {
  CHANGE_ERRORS,
  MAX_PAGE,
  NAME,
  ONE_NAME,
  PAGE,
  REMOVED,
  SCOPES,
  TEXT,
  TEXTS,
  TIME,
} from "./schemas.ts";
import type { OperationSources } from "./sources.ts";

const TOKENS_READ: AccessControl = { requiredScopes: ["tokens:read"] };
const TOKENS_WRITE: AccessControl = { requiredScopes: ["tokens:write"] };

/** Most tokens that one identity may have made. */
export const MAX_TOKENS_OF_MAKER = 1_000;
/** Most makers above a token, as the store follows them. */
const MAX_MAKERS = 8;

const TOKEN = {
  type: "object",
  properties: {
    name: TEXT,
    prefix: { type: "string", description: "The public part: alk_<prefix>_…" },
    scopes: TEXTS,
    createdAt: TIME,
    createdBy: { type: "string", description: "Who made it: it can do no more than that one" },
    expiresAt: TIME,
    lastUsedAt: TIME,
  },
  required: ["name", "prefix", "scopes", "createdAt"],
} as const;

const CREATED = {
  type: "object",
  properties: {
    token: { type: "string", description: "The secret. It is shown this once" },
    name: TEXT,
    prefix: TEXT,
    scopes: TEXTS,
    expiresAt: TIME,
  },
  required: ["token", "name", "prefix", "scopes"],
} as const;

/** Operations with bearer tokens. */
export function aboutTokens(sources: OperationSources): Operation[] {
  return [
    operation({
      name: "tokens/list",
      type: "query",
      access: TOKENS_READ,
      description: "Bearer tokens by name, without their secrets; a page at a time",
      input: PAGE,
      output: { type: "array", items: TOKEN },
      handler: async (input) => {
        const { after = "", limit = MAX_PAGE } = input ?? {};
        const all = await sources.store.identities.tokens();
        return all.filter(({ name }) => name > after).slice(0, limit).map(shownToken);
      },
    }),
    operation({
      name: "tokens/create",
      access: TOKENS_WRITE,
      description: "Make a bearer token and show it, once. It can never do more than its maker",
      input: {
        type: "object",
        properties: {
          name: NAME,
          scopes: SCOPES,
          expiresInSeconds: { type: "integer", minimum: 1, maximum: 3_153_600_000 },
          expiresAt: TIME,
        },
        required: ["name", "scopes"],
        not: { required: ["expiresInSeconds", "expiresAt"] },
        additionalProperties: false,
      },
      output: CREATED,
      errors: {
        ...CHANGE_ERRORS,
        LIMIT_REACHED: { description: "The caller has made too many tokens", httpStatus: 429 },
      },
      handler: (input, context) => create(sources, input, context),
    }),
    operation({
      name: "tokens/revoke",
      access: TOKENS_WRITE,
      description: "Revoke a token, and those made with it, at once",
      input: ONE_NAME,
      output: REMOVED,
      errors: CHANGE_ERRORS,
      handler: ({ name }, context) => revoke(sources, name, context),
    }),
  ];
}

interface Wanted {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresInSeconds?: number;
  readonly expiresAt?: string;
}

async function create(sources: OperationSources, wanted: Wanted, context: OperationContext) {
  const { name, scopes } = wanted;
  const expiresAt = endOf(wanted);
  assertNotByHand(sources, name);
  const what = `tokens/create ${name}`;
  const { token, entry } = newToken({ name, scopes, expiresAt, createdBy: context.identity?.id });
  const by = await changeAs(sources, { what, context }, async ({ changes, authority, caller }) => {
    assertMayGive(authority, { scopes, id: `token:${name}` });
    await assertRoom(changes, caller.id);
    if (await changes.token(name)) throw conflict(`There is a token "${name}"`);
    await changes.addToken(entry);
    return caller.id;
  });
  noteChange(sources.store, { by, kind: "token.created", what: `${name}: ${scopes.join(" ")}` });
  const { prefix } = entry;
  return { token, name, prefix, scopes: [...scopes], ...timeOf("expiresAt", expiresAt) };
}

async function revoke(sources: OperationSources, name: string, context: OperationContext) {
  const what = `tokens/revoke ${name}`;
  const by = await changeAs(sources, { what, context }, async ({ changes, authority, caller }) => {
    const token = await changes.token(name);
    if (!token) {
      assertNotByHand(sources, name);
      throw missing("token", name);
    }
    const own = token.createdBy === caller.id || caller.id === `token:${name}`;
    if (!own) assertMayTouch(authority, name, { scopes: token.scopes, id: `token:${name}` });
    await changes.removeToken(name);
    return caller.id;
  });
  noteChange(sources.store, { by, kind: "token.revoked", what: name });
  return { removed: name };
}

/** Bounds what one identity can pile up, and the makers that each use of a token goes through. */
async function assertRoom(changes: IdentityChanges, maker: string): Promise<void> {
  if (await changes.countTokensOf(maker) >= MAX_TOKENS_OF_MAKER) {
    throw new CallError(
      "LIMIT_REACHED",
      `You have made ${MAX_TOKENS_OF_MAKER} tokens: revoke some`,
    );
  }
  let above: string | undefined = maker;
  for (let makers = 1; above?.startsWith("token:"); makers++) {
    if (makers >= MAX_MAKERS) {
      throw forbidden("This token stands at the end of too long a line of makers", "a token");
    }
    above = (await changes.token(above.slice("token:".length)))?.createdBy;
  }
}

/** A token of the file would answer to the same id, and own the same things. */
function assertNotByHand({ identitiesFile }: OperationSources, name: string): void {
  if (!identitiesFile.entries.tokens.some((token) => token.name === name)) return;
  throw conflict("That token stands in identities.toml of the node");
}

function endOf({ expiresInSeconds, expiresAt }: Wanted): Date | undefined {
  if (expiresInSeconds !== undefined) return new Date(Date.now() + expiresInSeconds * 1_000);
  if (expiresAt === undefined) return undefined;
  const date = new Date(expiresAt);
  if (date.getTime() > Date.now()) return date;
  throw invalid("/expiresAt", "must be a time that lies ahead, such as 2027-01-31T00:00:00Z");
}

function shownToken(token: StoredToken) {
  const { name, prefix, scopes, createdAt, createdBy, expiresAt, lastUsedAt } = token;
  return {
    name,
    prefix,
    scopes: [...scopes],
    createdAt: createdAt.toISOString(),
    ...(createdBy === undefined ? {} : { createdBy }),
    ...timeOf("expiresAt", expiresAt),
    ...timeOf("lastUsedAt", lastUsedAt),
  };
}

function timeOf<Key extends string>(key: Key, date: Date | undefined): { [K in Key]?: string };
function timeOf(key: string, date: Date | undefined): Record<string, string> {
  return date === undefined ? {} : { [key]: date.toISOString() };
}
