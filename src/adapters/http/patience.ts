import { CallCode, CallError } from "@alknet/operations";

/** Follows a signal, and a clock beside it: whichever ends first ends what waits. */
export class Patience implements Disposable {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins to wait. */
  constructor(outer: AbortSignal, timeoutMs: number) {
    this.#outer = outer;
    outer.addEventListener("abort", this.#follow);
    if (outer.aborted) this.#follow();
    this.#timer = setTimeout(() => {
      this.#controller.abort(new CallError(CallCode.Timeout, "The service did not answer in time"));
    }, timeoutMs);
  }

  /** Aborted by either. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Stops the clock; the other signal still counts. */
  stopClock(): void {
    clearTimeout(this.#timer);
  }

  /** Follows nothing any more. */
  [Symbol.dispose](): void {
    this.stopClock();
    this.#outer.removeEventListener("abort", this.#follow);
  }

  readonly #follow = (): void => this.#controller.abort(this.#outer.reason);
}
