import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";

import { type Bytes, equalBytes, randomBytes, wipe } from "./bytes.ts";

const DELAY_STEP_MS = 100;
const MAX_DELAY_MS = 10_000;

/**
 * The lock of an agent (RFC 9987 section 5.7): while it is on, the agent lists and signs nothing. After
 * each wrong passphrase it takes no other for a while, 100 ms longer each time, ten seconds at most.
 */
export class AgentLock {
  readonly #salt: Bytes = randomBytes(32);
  readonly #now: () => number;
  #digest: Uint8Array | undefined;
  #failures = 0;
  #notBefore = 0;

  /** Starts unlocked; `now` gives milliseconds that never go backwards. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether the lock is on. */
  get isLocked(): boolean {
    return this.#digest !== undefined;
  }

  /** Locks; whether it was unlocked. An empty passphrase is one too. */
  lock(passphrase: Uint8Array): boolean {
    if (this.#digest) return false;
    this.#digest = hmac(sha512, this.#salt, passphrase);
    return true;
  }

  /** Unlocks; whether the passphrase was right and given late enough after a wrong one. */
  unlock(passphrase: Uint8Array): boolean {
    if (!this.#digest || this.#now() < this.#notBefore) return false;
    const digest = hmac(sha512, this.#salt, passphrase);
    if (!equalBytes(digest, this.#digest)) {
      this.#failures++;
      const delay = Math.min(this.#failures * DELAY_STEP_MS, MAX_DELAY_MS);
      this.#notBefore = this.#now() + delay;
      return false;
    }
    wipe(this.#digest, digest);
    this.#digest = undefined;
    this.#failures = 0;
    return true;
  }
}
