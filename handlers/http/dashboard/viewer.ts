import { hasScope, type Identity } from "@alknet/core";
import { CallError, type CallRequest, type OperationSpec } from "@alknet/operations";

import { type Collection, collectionsOf } from "./collections.ts";
import type { DashboardOperations } from "./dashboard.ts";
import type { Answer } from "./pages/answer.tsx";

/** Time a page waits for an operation. */
const TIMEOUT_MS = 30_000;

/** Namespaces that have a page of their own already, or none to show. */
const NO_COLLECTIONS: ReadonlySet<string> = new Set(["services"]);

/** Somebody who looks, for one request: everything is asked for in its name. */
export class Viewer {
  /** What it may call. */
  readonly specs: readonly OperationSpec[];
  /** Whether there is a page with terminals for it; who lacks the scope need not see it. */
  readonly mayHaveTerminal: boolean;
  readonly #operations: DashboardOperations;
  readonly #identity: Identity;

  /** Looks up what the identity may call. */
  constructor(operations: DashboardOperations, identity: Identity, terminals: boolean) {
    this.mayHaveTerminal = terminals && hasScope(identity, "ssh:shell");
    this.#operations = operations;
    this.#identity = identity;
    this.specs = operations.list(identity);
  }

  /** What there is to list. */
  get collections(): Collection[] {
    return collectionsOf(this.specs).filter(({ namespace }) => !NO_COLLECTIONS.has(namespace));
  }

  /** One of the operations, if it may call it. */
  spec(name: string | undefined): OperationSpec | undefined {
    return this.specs.find((each) => each.name === name);
  }

  /** The output of a query without input; undefined where it may not ask, or it failed. */
  async ask(name: string): Promise<unknown> {
    if (!this.spec(name)) return undefined;
    const answer = await this.call(name, {});
    return "output" in answer ? answer.output : undefined;
  }

  /** Calls an operation; it has half a minute, whether or not the browser waits. */
  async call(name: string, input: unknown): Promise<Answer> {
    const request = this.#request(new AbortController().signal, Date.now() + TIMEOUT_MS);
    try {
      return { output: await this.#operations.call(name, input, request) };
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const { code, message, details } = error;
      return { error: { code, message, details } };
    }
  }

  /** Subscribes until the signal aborts. */
  subscribe(name: string, input: unknown, signal: AbortSignal): AsyncIterable<unknown> {
    return this.#operations.subscribe(name, input, this.#request(signal));
  }

  #request(signal: AbortSignal, deadlineMs?: number): CallRequest {
    const requestId = crypto.randomUUID();
    return { requestId, identity: this.#identity, signal, deadlineMs, origin: "wire" };
  }
}
