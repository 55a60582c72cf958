/** Part of a representation: first and last byte, both included. */
export interface ByteRange {
  /** Of the first byte. */
  readonly first: number;
  /** Of the last byte. */
  readonly last: number;
}

/**
 * Reads a `Range` field for a representation of a known size (RFC 9110 section 14.2).
 *
 * @returns The range; `"whole"` where there is none that we serve (several ranges, other units,
 * malformed: the field is ignored then), `"unsatisfiable"` for one beyond the end.
 */
export function parseRange(
  field: string | null,
  size: number,
): ByteRange | "whole" | "unsatisfiable" {
  const [, first = "", last = ""] =
    /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(field ?? "") ??
      [];
  if (first === "" && last === "") return "whole";
  if (first === "") return suffix(Number(last), size);
  if (last !== "" && Number(last) < Number(first)) return "whole";
  if (Number(first) >= size) return "unsatisfiable";
  return { first: Number(first), last: Math.min(last === "" ? size - 1 : Number(last), size - 1) };
}

function suffix(length: number, size: number): ByteRange | "unsatisfiable" {
  if (length === 0 || size === 0) return "unsatisfiable";
  return { first: Math.max(0, size - length), last: size - 1 };
}
