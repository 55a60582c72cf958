import type { Awaitable } from "../../backend.ts";
import { fromSystem } from "./errno.ts";
import type { Pace } from "./pace.ts";
import { Caller, type LocalRoot, plain } from "./root.ts";
import type { SystemCalls } from "./system_calls.ts";

/** All of this machine, as the person who runs a command has it. */
export class SystemRoot implements LocalRoot {
  readonly confined = false;
  readonly #caller: Caller;

  /** Takes what chooses where calls run. */
  constructor(pace: Pace) {
    this.#caller = new Caller(pace);
  }

  naive(path: string): string {
    return plain(path);
  }

  virtual(real: string): string {
    return real;
  }

  call<T>(call: (calls: SystemCalls) => Awaitable<T>): Promise<T> {
    return this.#caller.call(call);
  }

  callElsewhere<T>(call: (calls: SystemCalls) => Awaitable<T>): Promise<T> {
    return this.#caller.callElsewhere(call);
  }

  withLeaf<T>(path: string, use: (at: string) => Promise<T>): Promise<T> {
    return use(plain(path));
  }

  withTarget<T>(path: string, use: (at: string) => Promise<T>): Promise<T> {
    return use(plain(path));
  }

  withHandle<T>(path: string, use: (at: string) => Promise<T>): Promise<T> {
    return use(path);
  }

  async realpath(path: string): Promise<string> {
    return await Deno.realPath(plain(path)).catch((error) => {
      throw fromSystem(error);
    });
  }
}
