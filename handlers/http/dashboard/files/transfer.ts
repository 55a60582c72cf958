import type { SignedIn } from "../routes.tsx";

/** What ends a transfer that nobody has broken off. */
export type TransferEnd = "stalled" | "not-allowed";

/** Thrown where a transfer ends before its time. */
export class TransferError extends Error {
  /** The class's name. */
  override readonly name = "TransferError";
  /** Who has to act. */
  readonly blame = "remote";
  /** Why it ended. */
  readonly end: TransferEnd;

  /** Says why. */
  constructor(end: TransferEnd) {
    super(end === "stalled" ? "Transfer ended: nothing moves" : "Transfer ended: right is gone");
    this.end = end;
  }
}

/**
 * A download or an upload under way. It takes one of the places of its session, and ends when the
 * session does, when its owner loses a scope, and when nothing has moved for too long.
 */
export class Transfer implements Disposable {
  readonly #stop = new AbortController();
  readonly #held = new DisposableStack();
  readonly #stalledMs: number;
  #movedAt = performance.now();

  private constructor({ session, identity, info }: SignedIn, stalledMs: number) {
    this.#stalledMs = stalledMs;
    const isAllowed = (): boolean => {
      const scopes = session.isOpen() ? session.identify()?.scopes : undefined;
      return scopes !== undefined && identity.scopes.every((scope) => scopes.includes(scope));
    };
    const check = (): void => {
      if (!isAllowed()) this.#end("not-allowed");
      else if (performance.now() - this.#movedAt >= stalledMs) this.#end("stalled");
    };
    const timer = setInterval(check, Math.ceil(this.#stalledMs / 4));
    this.#held.defer(() => clearInterval(timer));
    this.#held.defer(info.identities.onChange(check));
    session.signal.addEventListener("abort", check);
    this.#held.defer(() => session.signal.removeEventListener("abort", check));
  }

  /** Takes a place; undefined where a session has as many under way as it may. */
  static begin(visit: SignedIn, stalledMs: number): Transfer | undefined {
    const leave = visit.session.enter();
    if (!leave) return undefined;
    const transfer = new Transfer(visit, stalledMs);
    transfer.#held.defer(leave);
    return transfer;
  }

  /** Aborts, with a {@linkcode TransferError}, when it has to end. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Some bytes have got on. */
  moved(): void {
    this.#movedAt = performance.now();
  }

  /** Gives the place back. */
  [Symbol.dispose](): void {
    this.#held.dispose();
  }

  #end(end: TransferEnd): void {
    this.#stop.abort(new TransferError(end));
  }
}
