import type { AccessControl } from "../access.ts";
import { AdapterError } from "../adapter_error.ts";
import type { OperationType } from "../context.ts";
import type { JsonSchema } from "../json_schema.ts";
import { type ErrorDefinition, namespaceOf, type OperationSpec, parseName } from "../spec.ts";
import { DEFAULT_VALUE_LIMITS, excess } from "../value_limits.ts";

type Members = Readonly<Record<string, unknown>>;

/** What another node's listing may hold. */
export interface ListingLimits {
  /** Most entries. */
  readonly maxOperations: number;
  /** Most JSON values in it. */
  readonly maxValues: number;
}

const MAX_DESCRIPTION_CHARS = 4_096;
const MAX_ERRORS = 64;
const MAX_SCOPES = 64;
const MAX_SCOPE_CHARS = 256;
const ERROR_CODE = /^[A-Za-z0-9_:.-]{1,64}$/;

/**
 * Reads what another node answers to `services/list`, as far as its entries being objects.
 *
 * @throws {AdapterError} Of kind schema-parse.
 */
export function parseListing(reply: unknown, limits: ListingLimits): Members[] {
  if (!Array.isArray(reply)) throw malformed("its list of operations is no array");
  if (reply.length > limits.maxOperations) {
    throw malformed(`it has more than ${limits.maxOperations} operations`);
  }
  const bounds = { ...DEFAULT_VALUE_LIMITS, maxNodes: limits.maxValues, maxDepth: 96 };
  const problem = excess(reply, { limits: bounds, matched: false });
  if (problem) throw malformed(`its list of operations is too much: ${problem.toLowerCase()}`);
  return reply.map(members);
}

/** The names in a listing, for a peer that tells no more at once. */
export function parseNames(listing: readonly Members[]): string[] {
  return listing.map(({ name }) => parsedName(name));
}

/**
 * Reads what another node says of one operation. Its resources are left out: who owns what there is
 * known there alone, and checked there.
 *
 * @throws {AdapterError} Of kind schema-parse.
 */
export function parseSpec(entry: Members): OperationSpec {
  const name = parsedName(entry.name);
  const type = typeOf(entry.type, name);
  const { description, idempotent } = entry;
  return {
    name,
    namespace: namespaceOf(name),
    type,
    visibility: "internal",
    description: typeof description === "string" ? description.slice(0, MAX_DESCRIPTION_CHARS) : "",
    inputSchema: schemaOf(entry.inputSchema, name),
    outputSchema: schemaOf(entry.outputSchema, name),
    errorSchemas: errorsOf(entry.errorSchemas, name),
    accessControl: accessOf(entry.accessControl, name),
    idempotent: typeof idempotent === "boolean" ? idempotent : type === "query",
  };
}

function parsedName(name: unknown): string {
  if (typeof name !== "string") throw malformed("it has an operation without a name");
  try {
    return parseName(name);
  } catch (cause) {
    throw malformed("it has an operation with a name against the rules", cause);
  }
}

function typeOf(type: unknown, name: string): OperationType {
  if (type === "query" || type === "mutation" || type === "subscription") return type;
  throw malformed(`operation "${name}" is of no type that there is`);
}

function schemaOf(schema: unknown, name: string): JsonSchema {
  if (schema === undefined) return true;
  if (typeof schema === "boolean" || isMembers(schema)) return schema;
  throw malformed(`operation "${name}" has a schema that is none`);
}

function errorsOf(errors: unknown, name: string): ErrorDefinition[] {
  if (errors === undefined) return [];
  if (!Array.isArray(errors) || errors.length > MAX_ERRORS) {
    throw malformed(`operation "${name}" has no list of at most ${MAX_ERRORS} errors`);
  }
  return errors.map(members).map(({ code, schema, description, httpStatus }) => {
    if (typeof code !== "string" || !ERROR_CODE.test(code)) {
      throw malformed(`operation "${name}" has an error without a code`);
    }
    const text = typeof description === "string" ? description : undefined;
    return {
      code,
      schema: schemaOf(schema, name),
      ...(text === undefined ? {} : { description: text.slice(0, MAX_DESCRIPTION_CHARS) }),
      ...(isStatus(httpStatus) ? { httpStatus } : {}),
    };
  });
}

function accessOf(access: unknown, name: string): AccessControl {
  if (access === undefined) return {};
  const { requiredScopes, requiredScopesAny } = isMembers(access) ? access : {};
  const all = scopesOf(requiredScopes);
  const any = scopesOf(requiredScopesAny);
  if (!isMembers(access) || all === null || any === null) {
    throw malformed(`operation "${name}" has access rules that cannot be read`);
  }
  return { ...(all ? { requiredScopes: all } : {}), ...(any ? { requiredScopesAny: any } : {}) };
}

/** The scopes; undefined where there are none, null where they cannot be read. */
function scopesOf(scopes: unknown): readonly string[] | undefined | null {
  if (scopes === undefined) return undefined;
  if (!Array.isArray(scopes) || scopes.length > MAX_SCOPES) return null;
  const good = scopes.every((each): each is string =>
    typeof each === "string" && each.length <= MAX_SCOPE_CHARS
  );
  return good ? scopes : null;
}

function isStatus(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 400 && value < 600;
}

function members(value: unknown): Members {
  if (isMembers(value)) return value;
  throw malformed("its list of operations holds something else");
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(why: string, cause?: unknown): AdapterError {
  const options = cause === undefined ? undefined : { cause };
  return new AdapterError("schema-parse", `Cannot read what the peer offers: ${why}`, options);
}
