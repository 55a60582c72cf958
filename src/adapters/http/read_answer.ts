import { CallError, type SchemaCheck } from "@alknet/operations";

import { badResponse, HttpCode } from "./http_errors.ts";
import { boundedValue, parseJson } from "./parse_json.ts";
import { readBody, type ReadOptions } from "./read_body.ts";
import { essenceOf, isJson, isText } from "./request_body.ts";

/** How to read an answer. */
export interface AnswerOptions extends ReadOptions {
  /** Checks of the bodies of declared errors, by code. */
  readonly errors: ReadonlyMap<string, SchemaCheck>;
}

/** Most bytes read of an answer that says no. */
const MAX_ERROR_BYTES = 65_536;

/** Statuses after which the same request may succeed later. */
const RETRYABLE: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

/**
 * The output that a successful answer stands for: JSON as what it says, text as text, other bytes
 * in base64, nothing as null.
 *
 * @throws {CallError} The error that an answer with another status stands for.
 */
export async function readAnswer(response: Response, options: AnswerOptions): Promise<unknown> {
  if (!response.ok) throw await failureOf(response, options);
  return bodyValue(response, await readBody(response, options));
}

/** The error that an answer with a status of 300 or above stands for. */
export async function failureOf(response: Response, options: AnswerOptions): Promise<CallError> {
  const { status } = response;
  const maxBytes = Math.min(options.maxBytes, MAX_ERROR_BYTES);
  const body = bodyValue(response, await readBody(response, { ...options, maxBytes }));
  const code = `HTTP_${status}`;
  const retryable = RETRYABLE.has(status);
  const message = `The service answered with status ${status}`;
  const verdict = await options.errors.get(code)?.check(body);
  if (verdict?.ok) return new CallError(code, message, { details: body, retryable });
  return new CallError(HttpCode.Error, message, { details: { status, body }, retryable });
}

function bodyValue(response: Response, bytes: Uint8Array): unknown {
  if (bytes.length === 0) return null;
  const essence = essenceOf(response.headers.get("content-type") ?? "");
  if (!isJson(essence)) return isText(essence) ? decoded(bytes) : bytes.toBase64();
  const text = decoded(bytes);
  const parsed = parseJson(text);
  if (parsed) return boundedValue(parsed.value);
  if (!response.ok) return text;
  throw badResponse("it is not the JSON that it says it is");
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
