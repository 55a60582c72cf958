import type { Blame } from "@alknet/core";

/** What an ACME server says of a request it refuses (RFC 8555 section 6.7, RFC 9457). */
export interface AcmeProblem {
  /** Such as `urn:ietf:params:acme:error:rateLimited`; empty where it does not say. */
  readonly type: string;
  /** For people. */
  readonly detail: string;
  /** Status of the response, or 0 where the problem was part of an object. */
  readonly status: number;
  /** Time after which the server wants to be asked again, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** Thrown when an ACME server refuses a request, or an authorization or order has failed. */
export class AcmeError extends Error {
  /** The class's name. */
  override readonly name = "AcmeError";
  /** Who has to act. */
  readonly blame: Blame = "remote";
  /** What the server says. */
  readonly problem: AcmeProblem;

  /** Says what the server answered and what was wanted: "order a certificate". */
  constructor({ action, problem }: { readonly action: string; readonly problem: AcmeProblem }) {
    const { type, detail, status } = problem;
    const kind = type.replace(/^urn:ietf:params:acme:error:/, "") || `status ${status}`;
    super(`Cannot ${action}: ${kind}${detail ? `: "${detail}"` : ""}`);
    this.problem = problem;
  }
}

/** Thrown when an ACME server cannot be reached, or answers what RFC 8555 does not allow. */
export class AcmeProtocolError extends Error {
  /** The class's name. */
  override readonly name = "AcmeProtocolError";
  /** Who has to act. */
  readonly blame: Blame = "remote";
}

/** Thrown for options that no ACME server could be asked with. */
export class AcmeOptionsError extends TypeError {
  /** The class's name. */
  override readonly name = "AcmeOptionsError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}
