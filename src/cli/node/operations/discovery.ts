import type { Identity } from "@alknet/core";
import {
  ANYONE,
  type Operation,
  operation,
  type OperationRegistry,
  type OperationSpec,
} from "@alknet/operations";
import { changesOf } from "../listing_changes.ts";
import { NAME_OF_OPERATION, NOTHING, TEXT, TEXTS } from "./schemas.ts";
import type { OperationSources } from "./sources.ts";

const TYPE = { enum: ["query", "mutation", "subscription"] } as const;
const ANY_SCHEMA = { type: ["object", "boolean"] } as const;

const LISTED = {
  type: "object",
  properties: { name: TEXT, type: TYPE, description: TEXT },
  required: ["name", "type", "description"],
} as const;

const CHANGE = {
  type: "object",
  properties: { operations: { type: "integer", description: "How many there are now" } },
  required: ["operations"],
} as const;

const ERROR = {
  type: "object",
  properties: {
    code: TEXT,
    description: TEXT,
    schema: ANY_SCHEMA,
    httpStatus: { type: "integer" },
  },
  required: ["code", "schema"],
} as const;

const ACCESS = {
  type: "object",
  properties: {
    requiredScopes: TEXTS,
    requiredScopesAny: TEXTS,
    resourceType: TEXT,
    resourceAction: TEXT,
  },
} as const;

const SPEC = {
  type: "object",
  properties: {
    name: TEXT,
    namespace: TEXT,
    type: TYPE,
    visibility: { enum: ["external", "internal"] },
    description: TEXT,
    inputSchema: ANY_SCHEMA,
    outputSchema: ANY_SCHEMA,
    errorSchemas: { type: "array", items: ERROR },
    accessControl: ACCESS,
    resourceIdPath: TEXT,
    idempotent: { type: "boolean" },
  },
  required: [
    "name",
    "namespace",
    "type",
    "visibility",
    "description",
    "inputSchema",
    "outputSchema",
    "errorSchemas",
    "accessControl",
    "idempotent",
  ],
} as const;

/** What a caller may call; open to all, since the answer holds only what the asker may use. */
export function discovery(
  registry: OperationRegistry,
  { offers = () => true, identities }: Pick<OperationSources, "offers" | "identities">,
): Operation[] {
  const offered = (caller: Identity | undefined): OperationSpec[] =>
    registry.list(caller).filter(({ name }) => offers(name, caller));
  return [
    operation({
      name: "services/list",
      type: "query",
      access: ANYONE,
      description: "Operations the caller may call; with schemas: true, everything about them",
      input: { type: ["object", "null"], properties: { schemas: { type: "boolean" } } },
      output: { type: "array", items: LISTED },
      handler: (input, { identity }) => offered(identity).map(input?.schemas ? copied : summaryOf),
    }),
    operation({
      name: "services/changes",
      type: "subscription",
      access: ANYONE,
      description: "One item at once, and one each time that what the caller may call has changed",
      input: NOTHING,
      output: CHANGE,
      handler: (_input, { identityNow, signal }) =>
        changesOf(
          [registry, ...identities ? [identities] : []],
          () => offered(identityNow()),
          signal,
        ),
    }),
    operation({
      name: "services/schema",
      type: "query",
      access: ANYONE,
      description: "Everything about one operation the caller may call",
      input: { type: "object", properties: { name: NAME_OF_OPERATION }, required: ["name"] },
      output: SPEC,
      errors: { NOT_FOUND: { description: "Not there, or not for this caller", httpStatus: 404 } },
      handler: ({ name }, { identity }) => copied(registry.schema(name, identity)),
    }),
  ];
}

function summaryOf({ name, type, description }: OperationSpec) {
  return { name, type, description };
}

/** A copy whose lists are its own. */
function copied(spec: OperationSpec) {
  const { requiredScopes, requiredScopesAny, ...resource } = spec.accessControl;
  return {
    ...spec,
    errorSchemas: spec.errorSchemas.map((each) => ({ ...each })),
    accessControl: {
      ...resource,
      ...(requiredScopes === undefined ? {} : { requiredScopes: [...requiredScopes] }),
      ...(requiredScopesAny === undefined ? {} : { requiredScopesAny: [...requiredScopesAny] }),
    },
  };
}
