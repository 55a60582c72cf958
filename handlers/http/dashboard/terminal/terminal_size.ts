import { ProtocolError, type TerminalSize } from "@alknet/core";

const MAX_CHARACTERS = 64;
const MAX_CELLS = 10_000;

/**
 * Reads a size as the page sends it when it changes, `{"columns":80,"rows":24}`.
 *
 * @throws {ProtocolError} For anything else.
 */
export function readSize(text: string): TerminalSize {
  const value: unknown = text.length > MAX_CHARACTERS ? undefined : parsed(text);
  const size = typeof value === "object" && value !== null && "columns" in value && "rows" in value
    ? sizeOf(value.columns, value.rows)
    : undefined;
  if (!size) throw new ProtocolError("Text is no size of a terminal");
  return size;
}

/** A size of whole numbers that screens have; undefined for others. */
export function sizeOf(columns: unknown, rows: unknown): TerminalSize | undefined {
  return isCells(columns) && isCells(rows) ? { columns, rows } : undefined;
}

function isCells(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_CELLS;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON is no size either
  }
}
