import { aborted, CallCode, CallError } from "./call_error.ts";
import type { AbortPolicy, CallRequest } from "./context.ts";

/** The calls above a call: what a composed call inherits from. */
export interface Lineage {
  /** Ends with the call. */
  readonly signal: AbortSignal;
  /** Whether it was aborted, or ran out of time, before it was done. */
  readonly cancelled: boolean;
  /** What it passes on when nothing else is said. */
  readonly policy: AbortPolicy;
  /** The call above; undefined at the root. */
  readonly parent: Lineage | undefined;
}

/** Where a call stands in the tree. */
export interface RunOptions {
  /** The call that composed it. Default: none, it is a root. */
  readonly parent?: Lineage | undefined;
  /** Default: the parent's; abort-dependents at the root. */
  readonly policy?: AbortPolicy | undefined;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/** What clock and timers may differ by. */
const CLOCK_MS = 1;

/** Why the signal of a call that is done aborts: one for all, as most calls are done. */
const DONE = aborted();

/**
 * One call from its start to its end. Its signal is aborted, with the error that the caller sees,
 * when the caller gives up, the deadline passes, or the parent is aborted (abort-dependents); and in
 * any case at its end, so that nothing it left behind goes on.
 */
export class Run implements Lineage, Disposable {
  /** What it passes on when nothing else is said. */
  readonly policy: AbortPolicy;
  /** The call above; undefined at the root. */
  readonly parent: Lineage | undefined;
  readonly #controller = new AbortController();
  readonly #followed: readonly AbortSignal[];
  readonly #deadlineMs: number;
  readonly #onLeftBehind: CallRequest["onLeftBehind"];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #cancelled = false;

  /** Begins to watch signals and clock. */
  constructor(request: CallRequest, { parent, policy }: RunOptions = {}) {
    this.parent = parent;
    this.policy = policy ?? parent?.policy ?? "abort-dependents";
    const dependsOn = parent && this.policy === "abort-dependents" ? [parent.signal] : [];
    this.#followed = [request.signal, ...dependsOn];
    this.#onLeftBehind = request.onLeftBehind;
    this.#deadlineMs = request.deadlineMs ?? Infinity;
    for (const signal of this.#followed) signal.addEventListener("abort", this.#follow);
    this.#watchClock(request.keepsDeadline);
  }

  /** Ends with the call. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it was aborted, or ran out of time, before it was done. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /**
   * Called right before the handler starts.
   *
   * @throws {CallError} When the call is over already, or any call above it is.
   */
  throwIfOver(): void {
    const ended = this.#followed.find((signal) => signal.aborted);
    if (ended) this.#cancel(reasonOf(ended));
    for (let above = this.parent; above; above = above.parent) {
      if (above.cancelled) this.#cancel(reasonOf(above.signal));
    }
    if (this.signal.aborted) throw this.signal.reason;
  }

  /**
   * Called when the handler has failed: once the call is over, that is what is told, whatever the
   * handler made of it. A call below has the same deadline, and may have been told of it first.
   *
   * @throws {CallError} When the call was aborted or its time is over.
   */
  throwIfEnded(): void {
    if (this.signal.aborted) throw this.signal.reason;
    if (Date.now() < this.#deadlineMs - CLOCK_MS) return;
    this.#cancel(lateError());
    throw this.signal.reason;
  }

  /** What a handler's promise comes to, unless the call ends before. */
  settle<Value>(work: PromiseLike<Value>): Promise<Value> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const give = (): void => {
        this.#onLeftBehind?.(Promise.allSettled([work]));
        reject(signal.reason);
      };
      if (signal.aborted) give();
      else signal.addEventListener("abort", give);
      work.then(resolve, reject).then(() => signal.removeEventListener("abort", give));
    });
  }

  /** Ends the call. */
  [Symbol.dispose](): void {
    this.#end(DONE);
  }

  readonly #follow = (event: Event): void => {
    if (event.target instanceof AbortSignal) this.#cancel(reasonOf(event.target));
  };

  #watchClock(keepsDeadline = false): void {
    if (this.#deadlineMs === Infinity) return;
    const leftMs = this.#deadlineMs - Date.now();
    if (leftMs <= 0) return this.#cancel(lateError());
    if (keepsDeadline) return;
    this.#timer = setTimeout(() => this.#watchClock(), Math.min(leftMs, MAX_TIMER_MS));
  }

  #cancel(reason: CallError): void {
    this.#cancelled ||= !this.signal.aborted;
    this.#end(reason);
  }

  #end(reason: CallError): void {
    clearTimeout(this.#timer);
    for (const signal of this.#followed) signal.removeEventListener("abort", this.#follow);
    this.#controller.abort(reason);
  }
}

function lateError(): CallError {
  return new CallError(CallCode.Timeout, "Deadline exceeded");
}

function reasonOf({ reason }: AbortSignal): CallError {
  return reason instanceof CallError ? reason : aborted();
}
