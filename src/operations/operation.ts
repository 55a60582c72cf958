import { type AccessControl, NOBODY_AT_ALL } from "./access.ts";
import { CallCode } from "./call_error.ts";
import type { OperationContext, OperationType } from "./context.ts";
import { OperationDefinitionError } from "./errors.ts";
import type { JsonSchema, RawValueOf, SchemaSource, ValueOf } from "./json_schema.ts";
import { isResourceIdPath } from "./resource_id.ts";
import { type SchemaCheck, schemaCheck } from "./schema_check.ts";
import {
  type ErrorDefinition,
  namespaceOf,
  type OperationSpec,
  parseName,
  type Visibility,
} from "./spec.ts";

/** What runs: once, with a promise, or as a stream of items. */
export type OperationHandler =
  | { readonly kind: "once"; run(input: unknown, context: OperationContext): unknown }
  | {
    readonly kind: "stream";
    run(input: unknown, context: OperationContext): AsyncIterable<unknown>;
  };

/** An operation that can be registered. */
export interface Operation {
  /** What there is to know of it. */
  readonly spec: OperationSpec;
  /** What runs. */
  readonly handler: OperationHandler;
  /** Checks what goes in. */
  readonly input: SchemaCheck;
  /** Checks what comes out. */
  readonly output: SchemaCheck;
  /** Checks details of declared errors, by code. */
  readonly errors: ReadonlyMap<string, SchemaCheck>;
  /** True where what runs is another node, which answers with codes of the protocol. */
  readonly imported: boolean;
  /** True where every coded error of what it calls is its own answer, declared or not. */
  readonly forwardsErrors: boolean;
}

/** How an operation fails, beside the codes of the protocol. */
export interface ErrorOptions {
  /** In words. Default: none. */
  readonly description?: string;
  /** What the details look like. Default: anything. */
  readonly schema?: SchemaSource;
  /** The status where it is told over HTTP. Default: 500. */
  readonly httpStatus?: number;
}

/** What every operation says of itself. */
export interface OperationOptions<Input extends SchemaSource, Output extends SchemaSource> {
  /** Segments joined by `/`, such as `fs/readFile`. */
  readonly name: string;
  /** What goes in. Default: anything. */
  readonly input?: Input;
  /** What comes out; of a subscription, each item. Default: anything. */
  readonly output?: Output;
  /** Declared errors by code: a handler throws them as `CallError`. Default: none. */
  readonly errors?: Readonly<Record<string, ErrorOptions>>;
  /** What a caller needs; `ANYONE` for everybody. Default: nobody may call it. */
  readonly access?: AccessControl;
  /** Who may find it. Default: external. */
  readonly visibility?: Visibility;
  /** Whether doing it twice is as good as once. Default: true for a query. */
  readonly idempotent?: boolean;
  /** Where in the input the resource's id stands, such as `$.containerId`. Default: nowhere. */
  readonly resourceIdPath?: string;
  /** In words. Default: empty. */
  readonly description?: string;
  /** Whether every `CallError` of what it calls is its own answer too. Default: declared ones. */
  readonly forwardsErrors?: boolean;
}

/** Options of a query or mutation. */
export interface OnceOptions<Input extends SchemaSource, Output extends SchemaSource>
  extends OperationOptions<Input, Output> {
  /** Default: mutation. */
  readonly type?: "query" | "mutation";
  /** Does the work. */
  readonly handler: (
    input: ValueOf<Input>,
    context: OperationContext,
  ) => RawValueOf<Output> | Promise<RawValueOf<Output>>;
}

/** Options of a subscription. */
export interface StreamOptions<Input extends SchemaSource, Output extends SchemaSource>
  extends OperationOptions<Input, Output> {
  /** Always said. */
  readonly type: "subscription";
  /** Yields the items: an async generator, asked for one at a time. */
  readonly handler: (
    input: ValueOf<Input>,
    context: OperationContext,
  ) => AsyncIterable<RawValueOf<Output>>;
}

/**
 * Defines an operation; its handler's types follow from the schemas.
 *
 * @param options What it is; schemas are JSON Schema or of a library with the Standard interface.
 * @returns What `OperationRegistry.register` takes.
 * @throws {OperationDefinitionError} For a name, path, error code or handler against the rules.
 * @throws {SchemaError} For a schema that cannot be used.
 *
 * @example
 * ```ts
 * import { ANYONE, operation } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * const add = operation({
 *   name: "math/add",
 *   type: "query",
 *   input: {
 *     type: "object",
 *     properties: { a: { type: "number" }, b: { type: "number" } },
 *     required: ["a", "b"],
 *   },
 *   output: { type: "number" },
 *   access: ANYONE,
 *   handler: ({ a, b }) => a + b,
 * });
 * strictEqual(add.spec.namespace, "math");
 * ```
 */
export function operation<const Input extends SchemaSource, const Output extends SchemaSource>(
  options: OnceOptions<Input, Output>,
): Operation;
/** Defines a subscription. */
export function operation<const Input extends SchemaSource, const Output extends SchemaSource>(
  options: StreamOptions<Input, Output>,
): Operation;
/** Defines an operation of either kind. */
export function operation(options: AnyOptions): Operation {
  const input = schemaCheck(options.input ?? true);
  const output = schemaCheck(options.output ?? true);
  const type = options.type ?? "mutation";
  const errors = new Map(
    Object.entries(options.errors ?? {})
      .map(([code, { schema }]) => [code, schemaCheck(schema ?? true)]),
  );
  const spec = specOf(options, { type, input, output, errors });
  const handler = handlerOf(type, options.handler);
  const { forwardsErrors = false } = options;
  return checkOperation({ spec, handler, input, output, errors, imported: false, forwardsErrors });
}

/** Options without the types of input and output, which only matter to whoever writes them. */
interface AnyOptions extends OperationOptions<SchemaSource, SchemaSource> {
  readonly type?: OperationType;
  // deno-lint-ignore no-explicit-any -- the overloads say what goes in
  readonly handler: (input: any, context: OperationContext) => any;
}

interface Checks {
  readonly type: OperationType;
  readonly input: SchemaCheck;
  readonly output: SchemaCheck;
  readonly errors: ReadonlyMap<string, SchemaCheck>;
}

function specOf(options: AnyOptions, { type, input, output, errors }: Checks): OperationSpec {
  const { resourceIdPath } = options;
  return {
    name: options.name,
    namespace: namespaceOf(options.name),
    type,
    visibility: options.visibility ?? "external",
    description: options.description ?? "",
    inputSchema: input.jsonSchema,
    outputSchema: output.jsonSchema,
    errorSchemas: [...errors].map(([code, { jsonSchema }]) =>
      errorDefinition(code, jsonSchema, options.errors?.[code] ?? {})
    ),
    accessControl: options.access ?? NOBODY_AT_ALL,
    ...(resourceIdPath === undefined ? {} : { resourceIdPath }),
    idempotent: options.idempotent ?? type === "query",
  };
}

function errorDefinition(
  code: string,
  schema: JsonSchema,
  { description, httpStatus }: ErrorOptions,
): ErrorDefinition {
  return {
    code,
    schema,
    ...(description === undefined ? {} : { description }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
  };
}

/** The kind is seen where the language shows it, and else what the type wants. */
function handlerOf(type: OperationType, run: AnyOptions["handler"]): OperationHandler {
  const shown = Object.prototype.toString.call(run);
  const streams = shown === "[object AsyncGeneratorFunction]" ||
    (shown !== "[object AsyncFunction]" && type === "subscription");
  return { kind: streams ? "stream" : "once", run };
}

const RESERVED: ReadonlySet<string> = new Set([
  CallCode.Aborted,
  CallCode.DependencyFailed,
  CallCode.Internal,
  CallCode.InvalidOperationType,
  CallCode.Timeout,
]);

/**
 * Holds an operation to the rules that every one obeys, wherever it came from.
 *
 * @throws {OperationDefinitionError} When it breaks one.
 */
export function checkOperation(checked: Operation): Operation {
  const { spec, handler } = checked;
  const wrong = (why: string): never => {
    throw new OperationDefinitionError(`Cannot define operation "${spec.name}": ${why}`);
  };
  parseName(spec.name);
  if ((spec.type === "subscription") !== (handler.kind === "stream")) {
    wrong(`a handler of kind "${handler.kind}" cannot serve a ${spec.type}`);
  }
  if (spec.resourceIdPath !== undefined && !isResourceIdPath(spec.resourceIdPath)) {
    wrong(`resource id path "${spec.resourceIdPath}" is not of the form $.a.b`);
  }
  const foreign = checked.imported || checked.forwardsErrors;
  const reserved = foreign ? undefined : [...checked.errors.keys()]
    .find((code) => RESERVED.has(code));
  if (reserved !== undefined) wrong(`error code "${reserved}" belongs to the protocol`);
  return checked;
}
