import { AdapterError, excess } from "@alknet/operations";
import { upgrade } from "@scalar/openapi-upgrader";
import { validate } from "@scalar/openapi-validator";
import { CORE_SCHEMA, load, mergeTag } from "js-yaml";

import { isRecord, type PlainRecord } from "../plain_data.ts";

/** How large a document may be. */
export interface DocumentLimits {
  /** Bytes of its text. Default: 16 MiB. */
  readonly maxDocumentBytes: number;
  /** Values in total, those inside others counted. Default: 500,000. */
  readonly maxDocumentNodes: number;
  /** Arrays and objects within each other. Default: 64. */
  readonly maxDocumentDepth: number;
  /** Operations that are looked at; a document with more is refused. Default: 2,000. */
  readonly maxOperations: number;
}

/** The limits of an import that is told nothing else. */
export const DEFAULT_DOCUMENT_LIMITS: DocumentLimits = {
  maxDocumentBytes: 16_777_216,
  maxDocumentNodes: 500_000,
  maxDocumentDepth: 64,
  maxOperations: 2_000,
};

/** Most mistakes told of one document. */
const MAX_MISTAKES = 4;

/**
 * Reads an OpenAPI document: JSON or YAML, 3.0 or 3.1, checked against the standard.
 *
 * @param source Text, or a document as data.
 * @returns The document as OpenAPI 3.1, with references into itself only. Nothing was fetched.
 * @throws {AdapterError} `schema-parse`, with the place of the first mistakes.
 */
export function readDocument(source: string | PlainRecord, limits: DocumentLimits): PlainRecord {
  const data = typeof source === "string" ? parsedText(source, limits) : source;
  const copy = boundedCopy(data, limits);
  const version = copy.openapi;
  if (typeof version !== "string" || !/^3\.[01](\.|$)/.test(version)) {
    throw mistake("it is not OpenAPI 3.0 or 3.1");
  }
  refuseForeignReferences(copy);
  const { valid, errors = [] } = guarded(() => validate(copy));
  if (valid !== true) {
    const told = errors.slice(0, MAX_MISTAKES).map(({ path, message }) => `${path} ${message}`);
    throw mistake(told.join("; ") || "it does not fit the standard");
  }
  const upgraded: unknown = guarded(() => upgrade(copy, "3.1"));
  if (isRecord(upgraded)) return upgraded;
  throw mistake("it is no object");
}

function parsedText(text: string, { maxDocumentBytes }: DocumentLimits): unknown {
  if (text.length > maxDocumentBytes) throw mistake(`it has more than ${maxDocumentBytes} bytes`);
  // JSON first: its parser is some fifty times faster than one of YAML, which contains it.
  if (text.trimStart().startsWith("{")) {
    try {
      return JSON.parse(text);
    } catch {
      // A flow mapping of YAML begins like that too.
    }
  }
  return guarded(() => load(text, YAML));
}

const YAML = { schema: CORE_SCHEMA.withTags(mergeTag), maxDepth: 100, maxAliases: 1_000 };

/** A copy without shared parts, which is what YAML's aliases make, and within limits. */
function boundedCopy(data: unknown, limits: DocumentLimits): PlainRecord {
  const { maxDocumentDepth: maxDepth, maxDocumentNodes: maxNodes } = limits;
  const bounds = { maxDepth, maxNodes, maxMatchedChars: 0 };
  const problem = excess(data, { limits: bounds, matched: false });
  if (problem) throw mistake(problem.toLowerCase());
  const copy: unknown = guarded(() => JSON.parse(JSON.stringify(data) ?? "null"));
  if (!isRecord(copy)) throw mistake("it is no object");
  if (listPairs(copy) > MAX_LIST_PAIRS) throw mistake("its lists are too long");
  return copy;
}

/**
 * Pairs of items in lists of objects. The validator compares every two where the standard wants
 * them to differ, which takes tens of seconds for 20,000 parameters.
 */
const MAX_LIST_PAIRS = 10_000_000;

function listPairs(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inside: unknown[] = Object.values(value);
  const own = Array.isArray(value) && inside.some((each) => typeof each === "object")
    ? inside.length ** 2
    : 0;
  return inside.reduce((sum: number, each) => sum + listPairs(each), own);
}

/** Keywords under which anything may stand, references that are none included. */
const DATA: ReadonlySet<string> = new Set(["example", "examples", "default", "enum", "const"]);

/** Refuses what would have to be read from elsewhere: another host, or a file. */
function refuseForeignReferences(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(refuseForeignReferences);
  if (!isRecord(value)) return;
  for (const key of ["$ref", "$dynamicRef", "operationRef"]) {
    const reference = value[key];
    if (typeof reference === "string" && !reference.startsWith("#")) {
      throw mistake(`the reference "${reference.slice(0, 80)}" leads out of it`);
    }
  }
  for (const [key, each] of Object.entries(value)) {
    if (!DATA.has(key) && !key.startsWith("x-")) refuseForeignReferences(each);
  }
}

function guarded<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
    throw new AdapterError("schema-parse", `Cannot read the OpenAPI document: ${detail}`, {
      cause,
    });
  }
}

function mistake(why: string): AdapterError {
  return new AdapterError("schema-parse", `Cannot read the OpenAPI document: ${why}`);
}
