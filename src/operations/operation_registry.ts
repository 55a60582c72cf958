import type { Identity, OwnershipProvider } from "@alknet/core";

import { refusal } from "./access.ts";
import { notFound } from "./call_error.ts";
import { callOnce } from "./call_once.ts";
import type { CallRequest, Dispatcher, OperationType } from "./context.ts";
import type { DispatchOptions, Overlay } from "./dispatch.ts";
import { OperationConflictError } from "./errors.ts";
import { checkMaxHops } from "./hops.ts";
import { checkOperation, type Operation } from "./operation.ts";
import {
  LOCAL_SOURCE,
  type OperationGrants,
  type Registration,
  registration,
} from "./registration.ts";
import { bareName, type OperationSpec } from "./spec.ts";
import { subscribeTo } from "./subscription.ts";
import { DEFAULT_VALUE_LIMITS, type ValueLimits } from "./value_limits.ts";

/** Settings of an {@linkcode OperationRegistry}. */
export interface OperationRegistryOptions {
  /** Who owns what. Default: ownership is not kept. */
  readonly ownership?: OwnershipProvider;
  /** Operations of others, for composed calls. Default: none. */
  readonly overlay?: Overlay;
  /** How large inputs may be. Default: {@linkcode DEFAULT_VALUE_LIMITS}. */
  readonly limits?: Partial<ValueLimits>;
  /** This node's id: what has passed it before is refused. Default: requests may come back. */
  readonly nodeId?: string;
  /** Most nodes a request may have passed before this one, at most 63. Default: 8. */
  readonly maxHops?: number;
  /** Checks outputs too; one that does not fit is INTERNAL. Default: false; tests say true. */
  readonly validateOutput?: boolean;
}

/**
 * Operations by name, and the one way to call them.
 *
 * @example
 * ```ts
 * import { ANYONE, operation, OperationRegistry } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * const registry = new OperationRegistry();
 * registry.register(operation({ name: "greet", access: ANYONE, handler: () => "hello" }));
 * const { signal } = new AbortController();
 * const request = { requestId: crypto.randomUUID(), signal, origin: "wire" } as const;
 * strictEqual(await registry.call("greet", {}, request), "hello");
 * ```
 */
export class OperationRegistry implements Dispatcher {
  readonly #byName = new Map<string, Registration>();
  readonly #options: DispatchOptions;
  readonly #listeners = new Set<() => void>();

  /**
   * Begins empty.
   *
   * @throws {RangeError} For a limit of hops that cannot be.
   */
  constructor(options: OperationRegistryOptions = {}) {
    this.#options = {
      find: (name) => this.#byName.get(name),
      callOnce: (call) => callOnce(call, this.#options),
      subscribeTo: (call) => subscribeTo(call, this.#options),
      ownership: options.ownership,
      overlay: options.overlay,
      nodeId: options.nodeId,
      maxHops: checkMaxHops(options.maxHops),
      limits: { ...DEFAULT_VALUE_LIMITS, ...options.limits },
      validateOutput: options.validateOutput ?? false,
    };
  }

  /**
   * Adds operations of this program, all or none, with what they are given.
   *
   * @throws {OperationConflictError} When a name is taken.
   * @throws {OperationDefinitionError} When one is against the rules.
   */
  register(operations: Operation | readonly Operation[], grants: OperationGrants = {}): void {
    this.registerLayer(LOCAL_SOURCE, Array.isArray(operations) ? operations : [operations], grants);
  }

  /**
   * Adds operations of one source, all or none; {@linkcode OperationRegistry.unregisterLayer}
   * removes them together.
   *
   * @param source A label such as `peer:worker-1`.
   * @throws {OperationConflictError} When a name is taken.
   * @throws {OperationDefinitionError} When one is against the rules.
   */
  registerLayer(
    source: string,
    operations: readonly Operation[],
    grants: OperationGrants = {},
  ): void {
    const layer = new Map<string, Registration>();
    for (const operation of operations) {
      const { name } = checkOperation(operation).spec;
      const taken = this.#byName.get(name) ?? layer.get(name);
      if (taken) throw new OperationConflictError(name, taken.source);
      layer.set(name, registration(operation, source, grants));
    }
    for (const [name, each] of layer) this.#byName.set(name, each);
    this.#changed();
  }

  /**
   * Removes an operation; calls that run go on.
   *
   * @returns Whether there was one.
   */
  unregister(name: string): boolean {
    const found = this.#byName.delete(bareName(name));
    if (found) this.#changed();
    return found;
  }

  /**
   * Removes all operations of a source; calls that run go on.
   *
   * @returns How many there were.
   */
  unregisterLayer(source: string): number {
    const names = [...this.#byName].filter(([, each]) => each.source === source);
    for (const [name] of names) this.#byName.delete(name);
    if (names.length > 0) this.#changed();
    return names.length;
  }

  /**
   * Calls back after operations were added or removed. The listener must not throw.
   *
   * @returns A function that stops it.
   */
  onChange(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** What an identity may call from the wire, by name. */
  list(identity?: Identity): OperationSpec[] {
    return [...this.#byName.values()]
      .map(({ operation }) => operation.spec)
      .filter((spec) => this.#isVisible(spec, identity))
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /**
   * What there is to know of an operation that an identity may call from the wire.
   *
   * @throws {CallError} NOT_FOUND for one that is not there, internal, or not allowed.
   */
  schema(name: string, identity?: Identity): OperationSpec {
    const spec = this.#byName.get(bareName(name))?.operation.spec;
    if (!spec || !this.#isVisible(spec, identity)) throw notFound(bareName(name));
    return spec;
  }

  /** The type of an operation; undefined where there is none. */
  kindOf(name: string): OperationType | undefined {
    return this.#byName.get(bareName(name))?.operation.spec.type;
  }

  /** Calls a query or mutation, see {@linkcode Dispatcher.call}. */
  call(name: string, input: unknown, request: CallRequest): Promise<unknown> {
    return callOnce({ name: bareName(name), input, request, place: {} }, this.#options);
  }

  /** Subscribes, see {@linkcode Dispatcher.subscribe}. */
  subscribe(name: string, input: unknown, request: CallRequest): AsyncIterable<unknown> {
    return subscribeTo({ name: bareName(name), input, request, place: {} }, this.#options);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #isVisible({ visibility, accessControl }: OperationSpec, identity?: Identity): boolean {
    const { ownership } = this.#options;
    return visibility === "external" &&
      refusal(accessControl, { identity, ownership }) === undefined;
  }
}
