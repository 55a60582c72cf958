import type { Blame } from "@alknet/core";

/** One thing a dial tried and how it ended. */
export interface Attempt {
  /** `quic` or `tls`. */
  readonly transport: string;
  /** `host:port` as tried. */
  readonly address: string;
  /** Why it failed, for people. */
  readonly reason: string;
}

/** What a failed dial comes down to, for exit codes and advice. */
export type DialFailure = "wrong-key" | "no-alpn" | "unreachable" | "name" | "aborted";

/** Thrown when no way led to the target; the message says what was tried. */
export class DialError extends Error {
  /** The class's name. */
  override readonly name = "DialError";
  /** Who has to act. */
  readonly blame: Blame = "remote";
  /** What it comes down to. */
  readonly failure: DialFailure;
  /** Everything tried, in order. */
  readonly attempts: readonly Attempt[];

  /** Composes the message from the attempts. */
  constructor(target: string, failure: DialFailure, attempts: readonly Attempt[]) {
    const tried = attempts.map(({ transport, address, reason }) =>
      `${transport} ${address}: ${reason}`
    );
    super(`Cannot reach ${target}: ${[SUMMARY[failure], ...tried].filter(Boolean).join("; ")}`);
    this.failure = failure;
    this.attempts = attempts;
  }
}

const SUMMARY: Readonly<Record<DialFailure, string>> = {
  "wrong-key": "another node answers there",
  "no-alpn": "the node does not serve this protocol",
  "unreachable": "",
  "name": "the name does not resolve",
  "aborted": "given up",
};

/** What a failed attempt says about the server that was met, if one was. */
export function failureOf(reasons: readonly string[]): DialFailure {
  if (reasons.some((reason) => WRONG_KEY.test(reason))) return "wrong-key";
  if (reasons.some((reason) => NO_ALPN.test(reason))) return "no-alpn";
  return "unreachable";
}

const WRONG_KEY =
  /BadSignature|UnknownIssuer|invalid peer certificate|certificate (hash|verif)|unable to verify|self.signed/i;
const NO_ALPN = /error 120|application protocol|known protocol|NoApplicationProtocol/i;
