import type { Identity } from "@alknet/core";

/**
 * For whom somebody says to call, and for whom that one said to. A claim and a history, never
 * authority.
 */
export interface ForwardedFor extends Identity {
  /** For whom that one said to call. */
  readonly forwardedFor?: ForwardedFor;
}

/** Most claims in a row that are kept; what lies beyond is cut off. */
export const MAX_CLAIMS = 8;

/**
 * Puts an identity in front of what it claimed, in plain data and no longer than
 * {@linkcode MAX_CLAIMS}.
 *
 * @example
 * ```ts
 * import { claimChain } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * const user = { id: "ada", scopes: [], resources: {} };
 * strictEqual(claimChain({ ...user, id: "head" }, user).forwardedFor?.id, "ada");
 * ```
 */
export function claimChain(
  { id, scopes, resources }: Identity,
  claim: ForwardedFor | undefined,
  left: number = MAX_CLAIMS,
): ForwardedFor {
  const plain = { id, scopes, resources };
  if (!claim || left <= 1) return plain;
  return { ...plain, forwardedFor: claimChain(claim, claim.forwardedFor, left - 1) };
}
