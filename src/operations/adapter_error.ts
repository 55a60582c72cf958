import type { Blame } from "@alknet/core";

/** What kept operations of another node or service from being taken over. */
export type AdapterErrorKind =
  /** Nobody said what there is. */
  | "discovery-failed"
  /** What was said makes no sense, or is too much. */
  | "schema-parse"
  /** The other side cannot be reached. */
  | "transport"
  /** The other side does not let this one in. */
  | "unauthorized"
  /** One source has two operations of one name. */
  | "same-peer-collision";

/** Thrown where operations of another node or service cannot be taken over. */
export class AdapterError extends Error {
  /** The class's name. */
  override readonly name = "AdapterError";
  /** What went wrong. */
  readonly kind: AdapterErrorKind;
  /** Who has to act. */
  readonly blame: Blame = "remote";

  /** Says what cannot be taken over, and why. */
  constructor(kind: AdapterErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
