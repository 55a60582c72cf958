import { StoreSerializationError } from "./errors.ts";

/** What both databases can keep as it is. */
export type Parameter = null | number | bigint | string | Uint8Array;

/**
 * Checks a statement's parameters. Anything else would be converted, shifted or cut by one database
 * or the other without a word: node:sqlite takes a leading object for named parameters and reads
 * text up to its first NUL, and a lone surrogate becomes U+FFFD.
 *
 * @throws {StoreSerializationError} For a value that would not come back as it is.
 */
export function checkParameters(values: readonly unknown[]): Parameter[] {
  return values.map(checkParameter);
}

function checkParameter(value: unknown): Parameter {
  if (typeof value === "string") return checkText(value);
  if (typeof value === "number") return checkNumber(value);
  if (value === null || typeof value === "bigint" || value instanceof Uint8Array) return value;
  throw new StoreSerializationError(`Cannot store a value of type ${typeof value}`);
}

function checkText(text: string): string {
  if (text.includes("\0")) throw new StoreSerializationError("Cannot store text with a NUL in it");
  if (text.isWellFormed()) return text;
  throw new StoreSerializationError("Cannot store text with half a surrogate pair in it");
}

function checkNumber(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new StoreSerializationError(`Cannot store the number ${value}: not a safe integer`);
}
