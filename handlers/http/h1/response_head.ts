import { H1Error } from "./errors.ts";

/** The beginning of a response (RFC 9112 section 4). */
export interface ResponseHead {
  /** 100 to 599. */
  readonly status: number;
  /** Whether the connection may serve another request after it. */
  readonly keepAlive: boolean;
  /** Fields in order, names in lower case, values as sent. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Longest head, in bytes. */
export const MAX_HEAD_BYTES = 65_536;

/** Most fields: `Headers` takes time by the square of their number, seconds for some thousands. */
export const MAX_FIELDS = 256;

const CR = 13;
const LF = 10;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
// deno-lint-ignore no-control-regex -- the very characters that no value may hold
const FORBIDDEN = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Reads a response's head from the start of a buffer.
 *
 * @returns The head and how many bytes it took, or undefined when more are needed.
 * @throws {H1Error} For what is none, is too long, or is folded over lines (section 5.2).
 */
export function parseResponseHead(
  bytes: Uint8Array,
): { readonly head: ResponseHead; readonly used: number } | undefined {
  const end = endOfHead(bytes);
  if (end === -1) {
    if (bytes.length > MAX_HEAD_BYTES) throw new H1Error("Response head is too long");
    return undefined;
  }
  if (end > MAX_HEAD_BYTES) throw new H1Error("Response head is too long");
  const [first = "", ...lines] = latin1(bytes.subarray(0, end)).split("\r\n");
  const [, minor, status] = STATUS_LINE.exec(first) ?? [];
  if (status === undefined) throw new H1Error("Response does not begin with a status line");
  if (lines.length > MAX_FIELDS) throw new H1Error("Response has too many fields");
  const fields = lines.map(parseField);
  const keepAlive = isPersistent(minor === "1", valuesOf(fields, "connection"));
  return { head: { status: Number(status), keepAlive, fields }, used: end + 4 };
}

function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(CR); at !== -1; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at;
  }
  return -1;
}

function parseField(line: string): readonly [string, string] {
  const [, name, value = ""] = FIELD.exec(line) ?? [];
  if (name === undefined || FORBIDDEN.test(value)) throw new H1Error("Response field is malformed");
  return [name.toLowerCase(), value];
}

/** Values of a field, split at commas, in lower case. */
export function valuesOf(fields: ResponseHead["fields"], name: string): string[] {
  return fields.filter(([each]) => each === name)
    .flatMap(([, value]) => value.split(","))
    .map((value) => value.trim().toLowerCase())
    .filter((value) => value !== "");
}

/** RFC 9112 section 9.3. */
function isPersistent(isNew: boolean, options: readonly string[]): boolean {
  if (options.includes("close")) return false;
  return isNew || options.includes("keep-alive");
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
