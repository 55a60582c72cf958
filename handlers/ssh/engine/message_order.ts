const NONE = new Uint8Array(0);

/** Handles a message; the next one waits for it. */
export type OnMessage = (payload: Uint8Array) => void | Promise<void>;

/**
 * Hands messages on in their order: at once, while that takes no time, so that what they carry need
 * not be kept; behind one that does take time, copied.
 */
export class MessageOrder {
  readonly #onMessage: OnMessage;
  readonly #waiting: Uint8Array[] = [];
  #underWay?: Promise<void>;
  #fault?: { readonly error: unknown };
  #stopped = false;

  /** Hands on to `onMessage`. */
  constructor(onMessage: OnMessage) {
    this.#onMessage = onMessage;
  }

  /** Takes a message, which may change once this has returned. Never throws. */
  take(payload: Uint8Array): void {
    if (this.#stopped || this.#fault) return;
    if (this.#underWay) {
      this.#waiting.push(new Uint8Array(payload));
      return;
    }
    try {
      this.#underWay = this.#onMessage(payload) ?? undefined;
    } catch (error) {
      this.#fault = { error };
    }
  }

  /** Resolves when everything taken so far is handled; rejects as the handling did. */
  async settled(): Promise<void> {
    while (this.#underWay) {
      await this.#underWay;
      this.#underWay = undefined;
      while (!this.#underWay && this.#waiting.length > 0) this.take(this.#waiting.shift() ?? NONE);
    }
    if (this.#fault && !this.#stopped) throw this.#fault.error;
  }

  /** Hands nothing on any more. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.length = 0;
  }
}
