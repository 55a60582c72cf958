import { contentLengthOf, isConnectionField, malformed, readFields } from "./field_rules.ts";
import type { FieldLine } from "./qpack/static_table.ts";

const PSEUDO: ReadonlySet<string> = new Set([":status"]);
const NONE: ReadonlySet<string> = new Set();

/** The head of a response. */
export interface ResponseHead {
  /** 100 to 999; below 200 another head follows. */
  readonly status: number;
  /** Header fields in order. */
  readonly headers: readonly FieldLine[];
  /** What Content-Length says. */
  readonly contentLength?: number;
}

/**
 * Reads the head of a response.
 *
 * @throws {H3StreamError} `MessageError` for what RFC 9114 section 4.3.2 calls malformed.
 */
export function readResponseHead(lines: readonly FieldLine[]): ResponseHead {
  const { pseudo, headers } = readFields(lines, PSEUDO);
  const status = pseudo.get(":status") ?? "";
  if (!/^[1-9]\d\d$/.test(status) || status === "101") throw malformed("Response without a status");
  return { status: Number(status), headers, contentLength: contentLengthOf(headers) };
}

/**
 * Reads trailers.
 *
 * @throws {H3StreamError} `MessageError` for pseudo-header fields in them.
 */
export function readTrailers(lines: readonly FieldLine[]): readonly FieldLine[] {
  return readFields(lines, NONE).headers;
}

/** The field lines of a head or trailers: pseudo-header fields first, nothing of a connection. */
export function fieldLines(pseudo: readonly FieldLine[], headers: Headers): FieldLine[] {
  const lines = [...pseudo];
  for (const line of headers) if (!isConnectionField(line[0])) lines.push(line);
  return lines;
}
