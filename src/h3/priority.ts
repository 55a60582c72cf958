/** How much a response matters to the client (RFC 9218 section 4). */
export interface Priority {
  /** 0, most urgent, to 7; 3 unless the client says otherwise. */
  readonly urgency: number;
  /** Whether the beginning of the response is of use before its end. */
  readonly incremental: boolean;
}

/** What holds where a client says nothing. */
export const DEFAULT_PRIORITY: Priority = { urgency: 3, incremental: false };

/** A member of a structured dictionary (RFC 9651 section 3.2): key, value, parameters. */
const MEMBER =
  /^ *([a-z*][a-z0-9_.*-]*)(?:=("(?:[^"\\]|\\["\\])*"|\([^)]*\)|[^,;"() ]*))?((?:; *[a-z*][^,;"]*(?:"(?:[^"\\]|\\["\\])*")?)*)[ \t]*(?:,|$)/;

/**
 * Reads a priority field value. What is not understood is as though it were not there, as RFC 9218
 * asks.
 *
 * @example
 * ```ts
 * import { parsePriority } from "@alknet/h3";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(parsePriority("u=1, i"), { urgency: 1, incremental: true });
 * deepStrictEqual(parsePriority("u=9, x=?1"), { urgency: 3, incremental: false });
 * ```
 */
export function parsePriority(text: string): Priority {
  let { urgency, incremental } = DEFAULT_PRIORITY;
  for (let rest = text.trim(); rest !== "";) {
    const member = MEMBER.exec(rest);
    if (!member) return DEFAULT_PRIORITY;
    const [whole, key, value] = member;
    if (key === "u" && /^[0-7]$/.test(value ?? "")) urgency = Number(value);
    if (key === "i" && value !== "?0") incremental = value === undefined || value === "?1";
    if (key === "i" && value === "?0") incremental = false;
    rest = rest.slice(whole.length);
  }
  return { urgency, incremental };
}
