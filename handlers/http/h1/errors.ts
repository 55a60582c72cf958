import type { Blame } from "@alknet/core";

/** Thrown for bytes that are no HTTP/1.1 response, and for responses that could be read two ways. */
export class H1Error extends Error {
  /** The class's name. */
  override readonly name = "H1Error";
  /** Who broke it. */
  readonly blame: Blame = "remote";
}
