import { CallCode, CallError } from "@alknet/operations";

import { isRecord, memberOf, recordOf } from "../plain_data.ts";
import type { Parameter } from "./parameter.ts";
import { pairsOf } from "./serialize.ts";

/** How a body is written. */
export type BodyForm = "json" | "form" | "multipart" | "text" | "base64";

/** The body of an HTTP operation. */
export interface RequestBody {
  /** Its key in the operation's input; undefined where the input is the body. */
  readonly key: string | undefined;
  /** What it is sent as, such as `application/json`. */
  readonly mediaType: string;
  /** How it is written. */
  readonly form: BodyForm;
  /** Whether a call without it is refused. */
  readonly required: boolean;
  /** Parts of a multipart body that are bytes, given in base64. */
  readonly binaryParts: ReadonlySet<string>;
}

/** A body ready to be sent. */
export interface EncodedBody {
  /** Undefined where `fetch` sets it. */
  readonly contentType: string | undefined;
  /** The bytes. */
  readonly body: BodyInit;
}

/** How bodies of a media type are written. */
export function bodyFormOf(mediaType: string): BodyForm {
  const essence = essenceOf(mediaType);
  if (isJson(essence)) return "json";
  if (essence === "application/x-www-form-urlencoded") return "form";
  if (essence === "multipart/form-data") return "multipart";
  return isText(essence) ? "text" : "base64";
}

/** A media type without its parameters, in lower case. */
export function essenceOf(mediaType: string): string {
  return (mediaType.split(";", 1)[0] ?? "").trim().toLowerCase();
}

/** Whether a media type is JSON (RFC 6839 section 3.1). */
export function isJson(essence: string): boolean {
  return essence === "application/json" || essence.endsWith("+json");
}

/** Whether a media type is read by people, as far as its name tells. */
export function isText(essence: string): boolean {
  return essence.startsWith("text/") || essence === "application/xml" || essence.endsWith("+xml") ||
    essence === "application/x-ndjson" || essence === "application/yaml";
}

/**
 * Writes the body that an input asks for.
 *
 * @returns Undefined where the input has none and none is needed.
 * @throws {CallError} INVALID_INPUT where it is missing or cannot be written so.
 */
export function encodedBody(body: RequestBody, input: unknown): EncodedBody | undefined {
  const value = body.key === undefined ? input : memberOf(input, body.key);
  if (value === undefined) {
    if (body.required) throw unfit("it is missing");
    return undefined;
  }
  const { mediaType, form } = body;
  if (form === "multipart") return { contentType: undefined, body: multipart(body, value) };
  if (form === "json") return { contentType: mediaType, body: JSON.stringify(value) };
  if (form === "form") return { contentType: mediaType, body: urlEncoded(value) };
  if (typeof value !== "string") throw unfit("it is no text");
  return { contentType: mediaType, body: form === "text" ? value : bytesOf(value) };
}

/** OpenAPI 3.1 section 4.8.14.4: each property by style form, exploded. */
function urlEncoded(value: unknown): string {
  if (!isRecord(value)) throw unfit("it is no object");
  return Object.entries(value)
    .flatMap(([name, each]) => pairsOf({ ...FORM_FIELD, key: name, name }, each))
    .map(([name, text]) => `${name}=${text}`)
    .join("&");
}

const FORM_FIELD: Omit<Parameter, "key" | "name"> = {
  in: "query",
  required: false,
  style: "form",
  explode: true,
  allowReserved: false,
  json: false,
};

function multipart({ binaryParts }: RequestBody, value: unknown): FormData {
  if (!isRecord(value)) throw unfit("it is no object");
  const data = new FormData();
  for (const [name, each] of Object.entries(recordOf(value))) {
    for (const part of Array.isArray(each) ? each : [each]) {
      data.append(name, partOf(part, binaryParts.has(name)));
    }
  }
  return data;
}

function partOf(value: unknown, binary: boolean): string | Blob {
  if (binary && typeof value === "string") return new Blob([bytesOf(value)]);
  if (typeof value !== "object" || value === null) return String(value ?? "");
  return new Blob([JSON.stringify(value)], { type: "application/json" });
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(base64);
  } catch (cause) {
    throw unfit("it is not base64", cause);
  }
}

function unfit(why: string, cause?: unknown): CallError {
  return new CallError(CallCode.InvalidInput, `Cannot send the body: ${why}`, { cause });
}
