import type { Blame } from "@alknet/core";

/** Thrown when programs cannot run as an account. */
export class SshAccountError extends Error {
  /** The class's name. */
  override readonly name = "SshAccountError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}

/** Thrown when no terminal can be had. */
export class PtyError extends Error {
  /** The class's name. */
  override readonly name = "PtyError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}
