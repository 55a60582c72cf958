/** How large a value may be before anything looks at it in earnest. */
export interface ValueLimits {
  /** Arrays and objects within each other. Default 64. */
  readonly maxDepth: number;
  /** Values in total, those inside others counted. Default 100,000. */
  readonly maxNodes: number;
  /**
   * Characters of a string or key where the schema has a `pattern` anywhere. Default 16,384. It
   * bounds what a regular expression of polynomial time can cost, not one of exponential time.
   */
  readonly maxMatchedChars: number;
}

/** The limits of a registry that is told nothing else. */
export const DEFAULT_VALUE_LIMITS: ValueLimits = {
  maxDepth: 64,
  maxNodes: 100_000,
  maxMatchedChars: 16_384,
};

/** What {@linkcode excess} is to hold a value to. */
export interface ExcessOptions {
  /** The limits. */
  readonly limits: ValueLimits;
  /** Whether strings count, since a regular expression will see them. */
  readonly matched: boolean;
}

/**
 * Says which limit a value breaks. Its own work is bounded by the same limits: a value that shares
 * parts, or contains itself, costs no more.
 */
export function excess(root: unknown, { limits, matched }: ExcessOptions): string | undefined {
  const maxChars = matched ? limits.maxMatchedChars : Infinity;
  const tooLong = `A string has more than ${maxChars} characters`;
  let nodes = 0;
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const value of level) {
      if (++nodes > limits.maxNodes) return `More than ${limits.maxNodes} values`;
      if (typeof value === "string" && value.length > maxChars) return tooLong;
      if (typeof value !== "object" || value === null) continue;
      if (depth >= limits.maxDepth) return `Nested deeper than ${limits.maxDepth}`;
      if (matched && !Array.isArray(value) && hasLongKey(value, maxChars)) return tooLong;
      const inside: unknown[] = Array.isArray(value) ? value : Object.values(value);
      if (nodes + next.length + inside.length > limits.maxNodes) {
        return `More than ${limits.maxNodes} values`;
      }
      for (const each of inside) next.push(each);
    }
    level = next;
  }
  return undefined;
}

function hasLongKey(value: object, maxChars: number): boolean {
  return Object.keys(value).some((key) => key.length > maxChars);
}
