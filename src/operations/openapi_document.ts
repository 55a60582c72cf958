import { refusal } from "./access.ts";
import { CallCode } from "./call_error.ts";
import { embeddedSchema } from "./embedded_schema.ts";
import { httpStatusOf, UNAUTHENTICATED_STATUS } from "./http_status.ts";
import type { JsonSchema } from "./json_schema.ts";
import { mcpToolName } from "./mcp_tool_name.ts";
import type { ErrorDefinition, OperationSpec } from "./spec.ts";

/** What an OpenAPI document says of itself. */
export interface OpenApiInfo {
  /** The title. */
  readonly title: string;
  /** The version of what is described. */
  readonly version: string;
  /** In words. Default: none. */
  readonly description?: string;
  /** Where it is served, such as `https://node.example`. Default: where the document is. */
  readonly serverUrl?: string;
}

/** An OpenAPI 3.1 document, as plain data. */
export interface OpenApiDocument {
  /** The version of OpenAPI. */
  readonly openapi: "3.1.1";
  /** What it says of itself. */
  readonly info: Readonly<Record<string, string>>;
  /** Where it is served. */
  readonly servers: readonly { readonly url: string }[];
  /** One for each operation. */
  readonly paths: Readonly<Record<string, unknown>>;
  /** Schemas that several use, and how callers say who they are. */
  readonly components: Readonly<Record<string, unknown>>;
}

/**
 * Describes operations as OpenAPI 3.1: `POST /op/<name>` with the input as JSON; the answer is the
 * output, of a subscription server-sent events with an item each. Whoever serves it decides which
 * operations a caller is shown.
 *
 * @example
 * ```ts
 * import { ANYONE, openApiDocument, operation } from "@alknet/operations";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const { spec } = operation({ name: "disk/free", access: ANYONE, handler: () => 1 });
 * const document = openApiDocument([spec], { title: "Node", version: "1" });
 * deepStrictEqual(Object.keys(document.paths), ["/op/disk/free"]);
 * ```
 */
export function openApiDocument(
  specs: readonly OperationSpec[],
  { title, version, description, serverUrl = "/" }: OpenApiInfo,
): OpenApiDocument {
  const schemas = new Schemas(specs);
  const paths = specs.map((spec) => [`/op/${spec.name}`, { post: pathOf(spec, schemas) }]);
  return {
    openapi: "3.1.1",
    info: { title, version, ...(description === undefined ? {} : { description }) },
    servers: [{ url: serverUrl }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: { Error: ERROR, ...schemas.components },
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    },
  };
}

/** The content type of every answer that says no (RFC 9457). */
const PROBLEM_TYPE = "application/problem+json";

/** The body of every answer that says no. */
const ERROR: JsonSchema = {
  type: "object",
  properties: {
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string" },
    message: { type: "string" },
    retryable: { type: "boolean" },
    details: {},
  },
  required: ["code", "message", "retryable"],
};

const ERROR_REFERENCE = { $ref: "#/components/schemas/Error" };

/** Schemas by where they stand: those that are used twice, or refer to themselves, get a name. */
class Schemas {
  readonly components: Record<string, JsonSchema> = {};
  readonly #uses = new Map<string, number>();
  readonly #names = new Map<string, string>();

  constructor(specs: readonly OperationSpec[]) {
    for (const { inputSchema, outputSchema, errorSchemas } of specs) {
      for (
        const schema of [
          inputSchema,
          outputSchema,
          ...errorSchemas.map((each) => each.schema),
        ]
      ) {
        const text = JSON.stringify(schema);
        this.#uses.set(text, (this.#uses.get(text) ?? 0) + 1);
      }
    }
  }

  /** The schema as it stands at its use. */
  use(schema: JsonSchema, wanted: string): JsonSchema {
    if (typeof schema === "boolean") return embeddedSchema(schema, "").schema;
    const text = JSON.stringify(schema);
    const known = this.#names.get(text);
    if (known !== undefined) return { $ref: `#/components/schemas/${known}` };
    const name = this.#freeName(wanted);
    const embedded = embeddedSchema(schema, `#/components/schemas/${name}`);
    const shared = (this.#uses.get(text) ?? 0) > 1 && text.length > MIN_SHARED_CHARACTERS;
    if (!shared && !embedded.hasReferences) return embedded.schema;
    this.#names.set(text, name);
    this.components[name] = embedded.schema;
    return { $ref: `#/components/schemas/${name}` };
  }

  #freeName(wanted: string): string {
    const plain = wanted.replace(/[^A-Za-z0-9._-]/g, "_");
    let name = plain;
    for (let n = 2; name === "Error" || Object.hasOwn(this.components, name); n++) {
      name = `${plain}_${n}`;
    }
    return name;
  }
}

/** Below this a reference says less than what it stands for. */
const MIN_SHARED_CHARACTERS = 80;

function pathOf(spec: OperationSpec, schemas: Schemas): Record<string, unknown> {
  const { name, type, description, inputSchema, outputSchema, idempotent, namespace } = spec;
  const mangled = mcpToolName(name);
  const input = schemas.use(inputSchema, `${mangled}.input`);
  const output = schemas.use(outputSchema, `${mangled}.output`);
  const mediaType = type === "subscription" ? "text/event-stream" : "application/json";
  const open = refusal(spec.accessControl, { identity: undefined }) === undefined;
  return {
    operationId: mangled,
    tags: [namespace],
    summary: description.split("\n", 1)[0] || name,
    ...(description ? { description } : {}),
    "x-alknet-operation": { name, type, idempotent },
    security: open ? [{}, { bearer: [] }] : [{ bearer: [] }],
    requestBody: {
      required: inputSchema !== true,
      content: { "application/json": { schema: input } },
    },
    responses: {
      200: {
        description: type === "subscription" ? "Events, one for each item" : "The output",
        content: { [mediaType]: { schema: output } },
      },
      ...errorResponses(spec, schemas),
    },
  };
}

/** Codes of the protocol that any call may meet. */
const ANY_CALL: readonly ErrorDefinition[] = [
  CallCode.InvalidInput,
  CallCode.Forbidden,
  CallCode.NotFound,
  CallCode.Timeout,
  CallCode.Internal,
].map((code) => ({ code, schema: true }));

function errorResponses(spec: OperationSpec, schemas: Schemas): Record<string, unknown> {
  const { errorSchemas } = spec;
  const declared = new Set(errorSchemas.map(({ code }) => code));
  const byStatus = new Map<number, ErrorDefinition[]>([[UNAUTHENTICATED_STATUS, []]]);
  for (const each of [...ANY_CALL.filter(({ code }) => !declared.has(code)), ...errorSchemas]) {
    const status = httpStatusOf(each.code, errorSchemas);
    byStatus.set(status, [...byStatus.get(status) ?? [], each]);
  }
  const responses = [...byStatus].map(([status, errors]) => {
    const description = errors.map(({ code, description }) => description ?? code).join("; ");
    const content = { [PROBLEM_TYPE]: { schema: errorSchema(errors, spec, schemas) } };
    return [status, { description: description || "Say who you are", content }];
  });
  return Object.fromEntries(responses);
}

function errorSchema(
  errors: readonly ErrorDefinition[],
  { name }: OperationSpec,
  schemas: Schemas,
): JsonSchema {
  const told = errors.filter(({ schema }) => schema !== true).map(({ code, schema }) => ({
    allOf: [ERROR_REFERENCE, {
      properties: {
        code: { const: code },
        details: schemas.use(schema, `${mcpToolName(name)}.${code}`),
      },
    }],
  }));
  if (told.length === 0) return ERROR_REFERENCE;
  const others = told.length < errors.length ? [ERROR_REFERENCE] : [];
  return told.length === 1 && others.length === 0 && told[0]
    ? told[0]
    : { anyOf: [...told, ...others] };
}
