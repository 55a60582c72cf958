import {
  AdapterError,
  CallError,
  type Operation,
  OperationDefinitionError,
} from "@alknet/operations";

import { exchange, type Fetch } from "../http/exchange.ts";
import type { AuthRequirement, HttpAuth } from "../http/http_auth.ts";
import { DEFAULT_TIMEOUT_MS, type HttpOptions } from "../http/http_handler.ts";
import { httpUrl } from "../http/http_url.ts";
import { Patience } from "../http/patience.ts";
import { readBody } from "../http/read_body.ts";
import type { ImportedOperations, SkippedOperation } from "../imported_operations.ts";
import { isRecord, type PlainRecord, recordOf } from "../plain_data.ts";
import { type DocumentOperation, httpOperations, type ImportContext } from "./http_operation.ts";
import { Names } from "../names.ts";
import { SchemaReader } from "../schema/portable_schema.ts";
import { DEFAULT_DOCUMENT_LIMITS, type DocumentLimits, readDocument } from "./read_document.ts";
import { resolved } from "../schema/reference.ts";
import { type Places, serverOf } from "./servers.ts";

/** Settings of {@linkcode operationsFromOpenApi}. */
export interface OpenApiOptions extends HttpOptions {
  /** What the operations' names begin with. */
  readonly namespace: string;
  /**
   * Where the service is. Default: a server that the document names, if it is of the origin that the
   * document came from; a document given as text or data needs this.
   */
  readonly baseUrl?: string | URL;
  /** How the service wants its credential. Default: as the document says. */
  readonly auth?: HttpAuth;
  /**
   * The capability that stands for any security scheme that has none of its own name.
   * Default: the namespace.
   */
  readonly credential?: string;
  /** Headers of every request; no secrets. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How large the document may be. Default: {@linkcode DEFAULT_DOCUMENT_LIMITS}. */
  readonly limits?: Partial<DocumentLimits>;
  /** Gives up fetching the document when aborted. Default: never. */
  readonly signal?: AbortSignal;
}

/**
 * Makes an operation of each method of each path of an OpenAPI document, 3.0 or 3.1.
 *
 * Of the network only the document's URL is read, if one is given: references to other documents are
 * refused. Secrets are taken from the capabilities that the operations are registered with.
 *
 * @param source A URL; the text of a document, JSON or YAML; or a document as data.
 * @throws {AdapterError} `discovery-failed`, `transport` or `unauthorized` when it cannot be had,
 * `schema-parse` when it cannot be used.
 * @throws {OperationDefinitionError} When the namespace is not allowed in names.
 *
 * @example
 * ```ts
 * import { operationsFromOpenApi } from "@alknet/adapters";
 * import { strictEqual } from "node:assert/strict";
 *
 * const document = {
 *   openapi: "3.1.0",
 *   info: { title: "Weather", version: "1" },
 *   paths: { "/now": { get: { operationId: "now", responses: { 200: { description: "ok" } } } } },
 * };
 * const { operations } = await operationsFromOpenApi(document, {
 *   namespace: "weather",
 *   baseUrl: "https://weather.example/api",
 * });
 * strictEqual(operations[0]?.spec.name, "weather/now");
 * strictEqual(operations[0]?.spec.type, "query");
 * ```
 */
export async function operationsFromOpenApi(
  source: string | URL | Readonly<Record<string, unknown>>,
  options: OpenApiOptions,
): Promise<ImportedOperations> {
  const limits = { ...DEFAULT_DOCUMENT_LIMITS, ...options.limits };
  const documentUrl = source instanceof URL ? httpUrl(source) : undefined;
  const text = documentUrl ? await fetchText(documentUrl, options, limits) : undefined;
  const given = source instanceof URL ? "" : source;
  const document = readDocument(text ?? given, limits);
  const baseUrl = options.baseUrl === undefined ? undefined : httpUrl(options.baseUrl);
  return imported(document, { baseUrl, documentUrl }, { options, limits });
}

interface Settings {
  readonly options: OpenApiOptions;
  readonly limits: DocumentLimits;
}

function imported(
  document: PlainRecord,
  places: Places,
  { options, limits }: Settings,
): ImportedOperations {
  const found = operationsIn(document, limits);
  const rootUrl = serverOf(document, places) ?? rootOf(places);
  const context = contextOf(document, options);
  const operations: Operation[] = [];
  const skipped: SkippedOperation[] = [];
  for (const each of found) {
    try {
      const own = serverOf(each.operation, places) ?? serverOf(each.pathItem, places);
      operations.push(
        ...httpOperations(checkedPath({ ...each, baseUrl: own ?? rootUrl }), context),
      );
    } catch (error) {
      if (error instanceof OperationDefinitionError) throw error; // the namespace is not allowed
      const reason = error instanceof Error ? error.message : String(error);
      skipped.push({ name: `${each.method} ${each.path}`, reason });
    }
  }
  return { operations, skipped };
}

function contextOf(document: PlainRecord, options: OpenApiOptions): ImportContext {
  const { namespace, credential = namespace, headers, auth } = options;
  const { fetch, timeoutMs, maxResponseBytes } = options;
  const requirement: AuthRequirement | undefined = auth && { capability: credential, auth };
  return {
    document,
    schemas: new SchemaReader(document),
    names: new Names(namespace),
    http: { fetch, timeoutMs, maxResponseBytes },
    headers,
    auth: requirement && [[requirement]],
    credential,
  };
}

const METHODS: readonly string[] = ["get", "put", "post", "delete", "options", "head", "patch"];

type Found = Omit<DocumentOperation, "baseUrl">;

function operationsIn(document: PlainRecord, { maxOperations }: DocumentLimits): Found[] {
  const found = Object.entries(recordOf(document.paths)).flatMap(([path, each]): Found[] => {
    const pathItem = resolved(each, document);
    if (!pathItem) return [];
    return METHODS.flatMap((method) => {
      const operation = pathItem[method];
      return isRecord(operation)
        ? [{ method: method.toUpperCase(), path, pathItem, operation }]
        : [];
    });
  });
  if (found.length <= maxOperations) return found;
  throw new AdapterError(
    "schema-parse",
    `Cannot use the OpenAPI document: it has more than ${maxOperations} operations`,
  );
}

/** A path without anything that a URL parser would take for more than a path. */
const PATH = /^\/[^\\?#\p{Cc}\p{Z}]*$/u;

function checkedPath(found: DocumentOperation): DocumentOperation {
  if (PATH.test(found.path)) return found;
  throw new AdapterError("schema-parse", "Cannot use the path: it is no path of a URL");
}

/** OpenAPI 3.1 section 4.8.1: without servers, the root of where the document is. */
function rootOf({ documentUrl }: Places): URL {
  if (documentUrl) return new URL("/", documentUrl);
  throw new AdapterError("discovery-failed", "Cannot tell where the service is: give a base URL");
}

async function fetchText(
  url: URL,
  { fetch, timeoutMs = DEFAULT_TIMEOUT_MS, signal }: OpenApiOptions,
  { maxDocumentBytes }: DocumentLimits,
): Promise<string> {
  const never = new AbortController().signal;
  using patience = new Patience(signal ?? never, timeoutMs);
  try {
    return await textAt(url, { fetch, maxDocumentBytes, signal: patience.signal });
  } catch (cause) {
    if (!(cause instanceof CallError)) throw cause;
    throw new AdapterError("transport", `Cannot fetch ${url.origin}: ${cause.message}`, { cause });
  }
}

interface FetchTextOptions {
  readonly fetch: Fetch | undefined;
  readonly maxDocumentBytes: number;
  readonly signal: AbortSignal;
}

async function textAt(url: URL, options: FetchTextOptions): Promise<string> {
  const { fetch, signal, maxDocumentBytes: maxBytes } = options;
  const headers = new Headers({ accept: "application/json, application/yaml, */*;q=0.5" });
  const response = await exchange({ method: "GET", url, headers, signal }, fetch);
  if (response.ok) {
    return new TextDecoder().decode(await readBody(response, { maxBytes, signal }));
  }
  await response.body?.cancel();
  const { status } = response;
  const refused = status === 401 || status === 403;
  throw new AdapterError(
    refused ? "unauthorized" : "discovery-failed",
    `Cannot fetch the OpenAPI document from ${url.origin}: status ${status}`,
  );
}
