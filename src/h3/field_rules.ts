import { H3ErrorCode } from "./error_code.ts";
import { H3StreamError } from "./errors.ts";
import type { FieldLine } from "./qpack/static_table.ts";

/** Field names (RFC 9110 section 5.1), in lower case (RFC 9114 section 4.2). */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Field values (RFC 9110 section 5.5): no control characters, no blanks at the ends. */
const VALUE = /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/;
/** Fields that belong to a connection, which HTTP/3 has its own ways for (RFC 9114 section 4.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** A field section, taken apart. */
export interface Fields {
  /** Pseudo-header fields by name. */
  readonly pseudo: ReadonlyMap<string, string>;
  /** The others, in order. */
  readonly headers: readonly FieldLine[];
}

/** Whether a field belongs to one connection and is never carried on. */
export function isConnectionField(name: string): boolean {
  return CONNECTION_FIELDS.has(name);
}

/**
 * Takes a field section apart and refuses what RFC 9114 sections 4.2 and 4.3 call malformed.
 *
 * @param allowed Pseudo-header fields that may be there; none in trailers.
 * @throws {H3StreamError} `MessageError` for a malformed one.
 */
export function readFields(lines: readonly FieldLine[], allowed: ReadonlySet<string>): Fields {
  const pseudo = new Map<string, string>();
  const headers: FieldLine[] = [];
  for (const line of lines) {
    const [name, value] = line;
    if (!VALUE.test(value)) throw malformed("Field value with forbidden characters");
    if (!name.startsWith(":")) headers.push(checkedHeader(line));
    else if (headers.length > 0) throw malformed("Pseudo-header field after a header field");
    else if (!allowed.has(name)) throw malformed("Pseudo-header field that may not be there");
    else if (pseudo.has(name)) throw malformed("Pseudo-header field that is there twice");
    else pseudo.set(name, value);
  }
  return { pseudo, headers };
}

function checkedHeader(line: FieldLine): FieldLine {
  const [name, value] = line;
  if (!NAME.test(name)) throw malformed("Field name with forbidden characters");
  if (isConnectionField(name)) throw malformed(`Field "${name}" belongs to a connection`);
  if (name === "te" && value !== "trailers") throw malformed("Field TE other than trailers");
  return line;
}

/**
 * The value of Content-Length, if there is one.
 *
 * @throws {H3StreamError} For one that is not a number, or several: the ways requests are smuggled.
 */
export function contentLengthOf(headers: readonly FieldLine[]): number | undefined {
  const values = headers.filter(([name]) => name === "content-length");
  if (values.length === 0) return undefined;
  const [, value] = values[0] ?? ["", ""];
  if (values.length > 1 || !/^\d{1,15}$/.test(value)) throw malformed("Broken Content-Length");
  return Number(value);
}

/** An error that ends one message (RFC 9114 section 4.1.2). */
export function malformed(message: string): H3StreamError {
  return new H3StreamError(H3ErrorCode.MessageError, message);
}
