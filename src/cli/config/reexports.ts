import type { PeerPolicy } from "@alknet/operations";

/** One `[[reexport]]`: operations of peers that this node offers as its own. */
export interface ReexportConfig {
  /** Names, or `area/*` for everything below. */
  readonly operations: readonly string[];
  /** A peer's name, or `any`. */
  readonly peer: string;
  /** Which of several peers. */
  readonly policy: PeerPolicy;
  /** What callers need, all of it. */
  readonly scopes: readonly string[];
  /** Put before each name; empty for none. */
  readonly prefix: string;
}

const PATTERN = /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*(\/\*)?$/;

/** Whether a text names operations: one, or `area/*`. */
export function isOperationPattern(text: string): boolean {
  return text.length <= 256 && PATTERN.test(text);
}
