import {
  AdapterError,
  ANYONE,
  type ErrorDefinition,
  importedOperation,
  type JsonSchema,
  type Operation,
  type OperationSpec,
  type SchemaCheck,
  schemaCheck,
} from "@alknet/operations";

import type { RequestTemplate } from "../http/build_request.ts";
import type { AuthRequirement } from "../http/http_auth.ts";
import { HTTP_ERRORS } from "../http/http_errors.ts";
import { httpHandler, type HttpOptions } from "../http/http_handler.ts";
import { listOf, type PlainRecord, textOf } from "../plain_data.ts";
import { answersOf, errorsOf, type OutputOf } from "./answers.ts";
import { BODY_KEY, bodyOf, type DocumentBody } from "./bodies.ts";
import type { Names } from "../names.ts";
import { type DocumentParameter, parametersOf } from "./parameters.ts";
import type { PortableSchema, SchemaReader } from "../schema/portable_schema.ts";
import { securityOf } from "./security.ts";

/** One method of one path of a document. */
export interface DocumentOperation {
  /** In upper case. */
  readonly method: string;
  /** With `{name}` for each parameter. */
  readonly path: string;
  /** The path's object. */
  readonly pathItem: PlainRecord;
  /** The method's object. */
  readonly operation: PlainRecord;
  /** Where the service is. */
  readonly baseUrl: URL;
}

/** What all operations of one import share. */
export interface ImportContext {
  /** The document they are of. */
  readonly document: PlainRecord;
  /** Takes schemas out of it. */
  readonly schemas: SchemaReader;
  /** Names given so far. */
  readonly names: Names;
  /** How requests are sent. */
  readonly http: HttpOptions;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** What the program says of credentials; undefined for what the document says. */
  readonly auth: readonly (readonly AuthRequirement[])[] | undefined;
  /** The capability that stands for any that is not there by its own name. */
  readonly credential: string;
}

/** Methods that only read (RFC 9110 section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Methods that may be repeated (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]);

/**
 * Makes operations of one method of one path: one that is called, and, where answers can be event
 * streams, one that is subscribed to.
 *
 * @throws {SchemaError} For a schema that cannot be used.
 * @throws {OperationDefinitionError} For a name that cannot be used.
 */
export function httpOperations(source: DocumentOperation, context: ImportContext): Operation[] {
  const { operation, method, path } = source;
  const answers = answersOf(operation, context.document);
  const wanted = textOf(operation.operationId) ?? nameOfPath(method, path);
  const request = requestOf(source, context);
  const make = (name: string, output: OutputOf, stream?: "json" | "text"): Operation =>
    httpOperation({ name: context.names.take(name), output, stream }, { source, context, request });
  const called = answers.output ? [make(wanted, answers.output)] : [];
  if (!answers.items) return called;
  const name = answers.output ? `${wanted}.events` : wanted;
  return [...called, make(name, answers.items, answers.items.plain ? "text" : "json")];
}

/** `get_pets_id` for `GET /pets/{id}`. */
function nameOfPath(method: string, path: string): string {
  return method.toLowerCase() + path.replace(/[^A-Za-z0-9.-]+/g, "_");
}

interface RequestParts {
  readonly parameters: readonly DocumentParameter[];
  readonly body: DocumentBody | undefined;
  readonly input: PortableSchema;
}

function requestOf(source: DocumentOperation, context: ImportContext): RequestParts {
  const { operation, pathItem } = source;
  const { document, schemas } = context;
  const body = bodyOf(operation, document);
  const taken = new Set(body ? [BODY_KEY] : []);
  const parameters = parametersOf(operation, pathItem, document, taken);
  assertComplete(source.path, parameters);
  const input = schemas.portable(inputSchema(parameters, body), "request");
  return { parameters, body, input };
}

function assertComplete(path: string, parameters: readonly DocumentParameter[]): void {
  const names = parameters.filter((each) => each.in === "path").map(({ name }) => name);
  for (const [, name = ""] of path.matchAll(/\{([^{}]*)\}/g)) {
    if (names.includes(name)) continue;
    throw new AdapterError("schema-parse", `Cannot use the path: "${name}" is not declared`);
  }
}

function inputSchema(
  parameters: readonly DocumentParameter[],
  body: DocumentBody | undefined,
): PlainRecord {
  const described = parameters.map(({ key, schema, description }) =>
    [key, description ? { allOf: [schema ?? true], description } : schema ?? true] as const
  );
  const properties = Object.fromEntries([...described, ...body ? [[BODY_KEY, body.schema]] : []]);
  const required = [...parameters, ...body ? [body] : []].filter((each) => each.required)
    .map(({ key }) => key);
  return { type: "object", properties, required, additionalProperties: false };
}

interface Making {
  readonly name: string;
  readonly output: OutputOf;
  readonly stream: "json" | "text" | undefined;
}

interface Parts {
  readonly source: DocumentOperation;
  readonly context: ImportContext;
  readonly request: RequestParts;
}

function httpOperation({ name, output, stream }: Making, parts: Parts): Operation {
  const { source: { method, operation }, context: { document, schemas, http }, request } = parts;
  const result = schemas.portable(output.schema, "response");
  const declared = errorsOf(operation, document, schemas);
  const spec: OperationSpec = {
    name,
    namespace: name.split("/", 1)[0] ?? name,
    type: stream ? "subscription" : SAFE.has(method) ? "query" : "mutation",
    visibility: "internal",
    description: descriptionOf(operation),
    inputSchema: request.input.checked,
    outputSchema: result.checked,
    errorSchemas: [
      ...declared.map(({ checked: schema, ...each }) => ({ ...each, schema })),
      ...HTTP_ERRORS,
    ],
    accessControl: ANYONE,
    idempotent: IDEMPOTENT.has(method),
  };
  const handler = httpHandler({
    ...http,
    template: templateOf(parts, output),
    errors: checksOf(declared),
    stream,
  });
  return shownAs(importedOperation(spec, handler), {
    inputSchema: request.input.shown,
    outputSchema: result.shown,
    errorSchemas: [...declared.map(({ checked: _, ...each }) => each), ...HTTP_ERRORS],
  });
}

function templateOf({ source, context, request }: Parts, output: OutputOf): RequestTemplate {
  return {
    method: source.method,
    baseUrl: source.baseUrl,
    path: source.path,
    parameters: request.parameters,
    body: request.body,
    accept: output.accept,
    headers: context.headers,
    auth: context.auth ?? securityOf(source.operation, context.document),
    credential: context.credential,
  };
}

function checksOf(
  declared: readonly { readonly code: string; readonly checked: JsonSchema }[],
): Map<string, SchemaCheck> {
  return new Map(
    declared.map(({ code, checked }) => [code, schemaCheck(checked, { foreign: true })]),
  );
}

interface ShownSchemas {
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema;
  readonly errorSchemas: readonly ErrorDefinition[];
}

/** The same operation, described by complete schemas; those it checks by are safe to run. */
function shownAs(operation: Operation, schemas: ShownSchemas): Operation {
  return { ...operation, spec: { ...operation.spec, ...schemas } };
}

const MAX_DESCRIPTION_CHARACTERS = 2_000;

function descriptionOf({ summary, description, tags }: PlainRecord): string {
  const text = [textOf(summary), textOf(description)].find((each) => each) ??
    listOf(tags).map(String).join(", ");
  return text.slice(0, MAX_DESCRIPTION_CHARACTERS).toWellFormed();
}
