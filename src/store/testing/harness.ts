import type { NewToken, StoredPeer } from "@alknet/core";
import { createToken, hashToken } from "@alknet/core";
import type { Store, StoreOptions } from "../store.ts";

/** Opens the database of one case; each call is one more process, as it were, on the same one. */
export type OpenStore = (options?: StoreOptions) => Promise<Store>;

/** One thing that every backend must do. */
export interface StoreCase {
  /** A sentence. */
  readonly name: string;
  /** Throws when the backend does not; closes what it opens. */
  run(open: OpenStore): Promise<void>;
}

/** Thrown when something did not come about. */
export class UnmetError extends RangeError {
  override readonly name = "UnmetError";
}

/** A fingerprint of its own for each number. */
export function fingerprint(n: number): string {
  return `ed25519:${n.toString(16).padStart(64, "0")}`;
}

/** A peer with one key. */
export function peer(peerId: string, key: number, more: Partial<StoredPeer> = {}): StoredPeer {
  return {
    peerId,
    fingerprints: [fingerprint(key)],
    sshKeys: [],
    scopes: ["git:read"],
    resources: {},
    enabled: true,
    ...more,
  };
}

/** A token and its entry. */
export function token(
  name: string,
  more: Partial<NewToken> = {},
): { text: string; entry: NewToken } {
  const { token: text, prefix } = createToken();
  const entry = { name, prefix, hash: hashToken(text), scopes: ["git:read"], ...more };
  return { text, entry };
}

/** Waits until something holds, looking every millisecond; resolves to the milliseconds it took. */
export async function until(holds: () => boolean, withinMs = 2_000): Promise<number> {
  const start = performance.now();
  while (!holds()) {
    if (performance.now() - start > withinMs) throw new UnmetError("It did not come about");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return performance.now() - start;
}

/** The error of a promise that must not come true. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new UnmetError("It came true");
}
