import type { Blame } from "@alknet/core";

export {
  IdentityConflictError,
  StoreBackendError,
  type StoreFault,
  StoreNotFoundError,
  StoreSerializationError,
} from "@alknet/core";

/** Thrown for a store URL that names no backend. */
export class StoreUrlError extends TypeError {
  /** The class's name. */
  override readonly name = "StoreUrlError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}

/** Why an invitation was refused. */
export type InviteRefusal = "unknown" | "used" | "expired";

/** Thrown when an invitation does not let anybody in (any more). */
export class InviteRefusedError extends RangeError {
  /** The class's name. */
  override readonly name = "InviteRefusedError";
  /** Who has to act. */
  readonly blame: Blame = "remote";
  /** Why; not to be told to the peer, who might be guessing. */
  readonly refusal: InviteRefusal;

  /** Says why. */
  constructor(refusal: InviteRefusal) {
    super(`Invitation is ${refusal}`);
    this.refusal = refusal;
  }
}

/** Thrown when a copy of a store differs from its source. */
export class StoreCopyError extends Error {
  /** The class's name. */
  override readonly name = "StoreCopyError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}
