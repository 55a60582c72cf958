import {
  ANYONE,
  type ErrorDefinition,
  importedOperation,
  type JsonSchema,
  type Operation,
  type OperationHandler,
  type OperationSpec,
  type OperationType,
} from "@alknet/operations";

import { recordOf } from "../plain_data.ts";
import { type PortableSchema, SchemaReader } from "../schema/portable_schema.ts";

/** An operation that nothing but schemas describe. */
export interface JsonSchemaOperation {
  /** Its name within the namespace. */
  readonly name: string;
  /** Default: mutation. */
  readonly type?: OperationType;
  /** In words. Default: empty. */
  readonly description?: string;
  /** What goes in. Default: anything. */
  readonly input?: JsonSchema;
  /** What comes out; of a subscription, each item. Default: anything. */
  readonly output?: JsonSchema;
  /** Declared errors, beside those of the handler. Default: none. */
  readonly errors?: readonly ErrorDefinition[];
  /** Whether doing it twice is as good as once. Default: true for a query. */
  readonly idempotent?: boolean;
}

/** What runs operations that are described by schemas. */
export interface ForeignHandler {
  /** Makes what runs an operation. */
  handlerFor(operation: JsonSchemaOperation): OperationHandler;
  /** Errors that every operation declares. Default: none. */
  readonly errors?: readonly ErrorDefinition[];
}

/** Settings of {@linkcode operationsFromJsonSchema}. */
export interface JsonSchemaOptions {
  /** What the operations' names begin with. */
  readonly namespace: string;
  /** What runs them: {@linkcode httpEndpoint}, or something of the program's own. */
  readonly handler: ForeignHandler;
}

/**
 * Makes operations of schemas, for services that have no description of their own. The schemas may
 * come from anywhere: no code is made of them, and what may take for ever is not run.
 *
 * @throws {OperationDefinitionError} For a name, or a kind of handler, against the rules.
 *
 * @example
 * ```ts
 * import { httpEndpoint, operationsFromJsonSchema } from "@alknet/adapters";
 * import { strictEqual } from "node:assert/strict";
 *
 * const [translate] = operationsFromJsonSchema([{
 *   name: "translate",
 *   type: "query",
 *   input: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
 *   output: { type: "object" },
 * }], {
 *   namespace: "words",
 *   handler: httpEndpoint({ url: "https://words.example/{name}", credential: "words" }),
 * });
 * strictEqual(translate?.spec.name, "words/translate");
 * ```
 */
export function operationsFromJsonSchema(
  operations: readonly JsonSchemaOperation[],
  { namespace, handler }: JsonSchemaOptions,
): Operation[] {
  return operations.map((each) => jsonSchemaOperation(each, namespace, handler));
}

function jsonSchemaOperation(
  described: JsonSchemaOperation,
  namespace: string,
  handler: ForeignHandler,
): Operation {
  const { name, type = "mutation", description = "" } = described;
  const input = portable(described.input ?? true, "request");
  const output = portable(described.output ?? true, "response");
  const errors = [...described.errors ?? [], ...handler.errors ?? []];
  const schemas = errors.map(({ schema }) => portable(schema, "response"));
  const spec: OperationSpec = {
    name: `${namespace}/${name}`,
    namespace: namespace.split("/", 1)[0] ?? namespace,
    type,
    visibility: "internal",
    description,
    inputSchema: input.checked,
    outputSchema: output.checked,
    errorSchemas: errors.map((each, at) => ({ ...each, schema: schemas[at]?.checked ?? true })),
    accessControl: ANYONE,
    idempotent: described.idempotent ?? type === "query",
  };
  const operation = importedOperation(spec, handler.handlerFor(described));
  const shown = {
    inputSchema: input.shown,
    outputSchema: output.shown,
    errorSchemas: errors.map((each, at) => ({ ...each, schema: schemas[at]?.shown ?? true })),
  };
  return { ...operation, spec: { ...operation.spec, ...shown } };
}

function portable(schema: JsonSchema, direction: "request" | "response"): PortableSchema {
  return new SchemaReader(recordOf(schema)).portable(schema, direction);
}
