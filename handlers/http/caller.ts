import type { Identity } from "@alknet/core";

import { tokenOf } from "./bearer_token.ts";
import type { HttpInfo } from "./http_info.ts";

/** Who sends a request. */
export interface Caller {
  /** Undefined for a stranger, also one with a token that nobody has. */
  readonly identity: Identity | undefined;
  /** The bearer token; empty, which nobody has, for a malformed one. */
  readonly token: string | undefined;
}

/**
 * Finds out who sends a request: by its bearer token (RFC 6750), else by the client certificate of
 * the connection.
 */
export function callerOf(
  authorization: string | undefined,
  { auth, identities }: Pick<HttpInfo, "auth" | "identities">,
): Caller {
  const token = tokenOf(authorization);
  const identity = token === undefined ? auth.identity : identities.fromToken(token);
  return { identity, token };
}
