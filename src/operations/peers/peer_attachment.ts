import type { CallRequest, Dispatcher, OperationType } from "../context.ts";
import { OperationConflictError } from "../errors.ts";
import type { Operation } from "../operation.ts";
import { OperationRegistry } from "../operation_registry.ts";
import type { OperationSpec } from "../spec.ts";
import { AdapterError } from "../adapter_error.ts";

/** What one connection of a peer offers, and how many calls it has under way. */
export class PeerAttachment implements Dispatcher {
  /** When it was attached. */
  readonly since: Date = new Date();
  /** What it offers, by name. */
  readonly specs: ReadonlyMap<string, OperationSpec>;
  readonly #registry = new OperationRegistry();
  #pending = 0;

  /**
   * Takes imported operations.
   *
   * @throws {AdapterError} Of kind same-peer-collision when two have one name.
   */
  constructor(peer: string, operations: readonly Operation[]) {
    try {
      this.#registry.registerLayer(`peer:${peer}`, operations);
    } catch (cause) {
      if (!(cause instanceof OperationConflictError)) throw cause;
      const message = `Cannot attach peer "${peer}": it has two operations "${cause.operation}"`;
      throw new AdapterError("same-peer-collision", message, { cause });
    }
    this.specs = new Map(operations.map(({ spec }) => [spec.name, spec]));
  }

  /** Calls and subscriptions under way. */
  get pending(): number {
    return this.#pending;
  }

  /** The type of an operation. */
  kindOf(name: string): OperationType | undefined {
    return this.#registry.kindOf(name);
  }

  /** Calls, and counts it while it lasts. */
  async call(name: string, input: unknown, request: CallRequest): Promise<unknown> {
    this.#pending++;
    try {
      return await this.#registry.call(name, input, request);
    } finally {
      this.#pending--;
    }
  }

  /** Subscribes, and counts it while it lasts. */
  async *subscribe(name: string, input: unknown, request: CallRequest): AsyncGenerator<unknown> {
    this.#pending++;
    try {
      yield* this.#registry.subscribe(name, input, request);
    } finally {
      this.#pending--;
    }
  }
}
