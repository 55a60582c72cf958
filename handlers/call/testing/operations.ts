import { CallCode, CallError, type CallRequest, type Dispatcher } from "../mod.ts";

/** Operations for tests, and what happened to them. */
export class Operations implements Dispatcher {
  /** Items a subscription has when its input does not say. */
  defaultCount = Infinity;
  /** Items each subscription has produced. */
  produced = 0;
  /** Requests whose signal has aborted, with the reason's code. */
  readonly aborts: string[] = [];
  /** Subscriptions whose `finally` ran. */
  returned = 0;
  /** Requests that hang now. */
  hanging = 0;
  /** Requests seen. */
  readonly seen: CallRequest[] = [];

  kindOf(name: string): "query" | "subscription" | undefined {
    if (name.startsWith("sub/")) return "subscription";
    return name === "" ? undefined : "query";
  }

  async call(name: string, input: unknown, request: CallRequest): Promise<unknown> {
    this.#watch(request);
    switch (name) {
      case "test/echo":
        return input;
      case "test/who":
        return request.identity?.id ?? null;
      case "test/forwarded":
        return request.forwardedFor ?? null;
      case "test/throw":
        throw new TypeError("Secret inside");
      case "test/declared":
        throw new CallError("NO_ROOM", "No room", { details: { floor: 3 }, retryable: true });
      case "test/unsendable-error":
        throw new CallError("NO_ROOM", "No room", { details: 1n });
      case "test/big":
        return "x".repeat(Number(input));
      case "test/unsendable":
        return 1n;
      case "test/hang":
        return await this.#hang(request.signal);
      case "test/deaf":
        this.hanging++;
        return await new Promise(() => {});
    }
    throw new CallError(CallCode.NotFound, "No such operation");
  }

  async *subscribe(name: string, input: unknown, request: CallRequest): AsyncGenerator<unknown> {
    this.#watch(request);
    if (!name.startsWith("sub/")) {
      throw new CallError(CallCode.InvalidOperationType, "Not a stream");
    }
    const { count = this.defaultCount, size = 0 } = {
      ...input as { count?: number; size?: number },
    };
    try {
      for (let index = 0; index < count; index++) {
        this.produced++;
        yield size === 0 ? index : "x".repeat(size);
      }
      if (name === "sub/fail") throw new CallError("BROKEN", "Broken");
      if (name === "sub/quiet") await this.#hang(request.signal);
    } finally {
      this.returned++;
    }
  }

  #watch(request: CallRequest): void {
    this.seen.push(request);
    request.signal.addEventListener("abort", () => this.aborts.push(request.signal.reason.code));
  }

  async #hang(signal: AbortSignal): Promise<void> {
    this.hanging++;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    this.hanging--;
  }
}
