import { createToken, hashToken, type NewToken } from "@alknet/core";

/**
 * Makes a bearer token.
 *
 * @returns The secret, to be shown once, and the entry for the store, which has its hash.
 */
export function newToken(
  wanted: Omit<NewToken, "prefix" | "hash">,
): { token: string; entry: NewToken } {
  const { token, prefix } = createToken();
  return { token, entry: { ...wanted, prefix, hash: hashToken(token) } };
}
