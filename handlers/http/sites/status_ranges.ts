/** Statuses of a response: first and last, both included. */
export type StatusRange = readonly [first: number, last: number];

/**
 * Reads statuses such as `200` and ranges such as `200-399`.
 *
 * @throws {TypeError} For anything else.
 *
 * @example
 * ```ts
 * import { statusRanges } from "@alknet/http";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(statusRanges(["204", "300-399"]), [[204, 204], [300, 399]]);
 * ```
 */
export function statusRanges(texts: readonly string[]): readonly StatusRange[] {
  return texts.map((text) => {
    const [, from = "", to = from] = /^([2-5]\d\d)(?:-([2-5]\d\d))?$/.exec(text) ?? [];
    const range = [Number(from), Number(to)] as const;
    if (from !== "" && range[0] <= range[1]) return range;
    throw new TypeError(`"${text}" is no status such as 200 and no range such as 200-399`);
  });
}

/** Whether a status lies in one of the ranges. */
export function isWithin(ranges: readonly StatusRange[], status: number): boolean {
  return ranges.some(([first, last]) => first <= status && status <= last);
}
