import type { Blame } from "@alknet/core";

/** How importing the operations of another service fails. */
export type AdapterErrorKind =
  | "discovery-failed"
  | "schema-parse"
  | "transport"
  | "unauthorized"
  | "same-peer-collision";

/**
 * Thrown where operations of another service cannot be imported.
 *
 * @example
 * ```ts
 * import { AdapterError } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * const error = new AdapterError("transport", "Cannot reach https://api.example");
 * strictEqual(error.blame, "remote");
 * ```
 */
export class AdapterError extends Error {
  /** The class's name. */
  override readonly name = "AdapterError";
  /** What went wrong. */
  readonly kind: AdapterErrorKind;
  /** Who has to act: whoever gave the credential where it was refused, else the service. */
  readonly blame: Blame;

  /** Says what failed. */
  constructor(kind: AdapterErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.blame = kind === "unauthorized" ? "user" : "remote";
  }
}
