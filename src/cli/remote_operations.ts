import { type CallClient, connectCall } from "@alknet/call";
import type { Connection } from "@alknet/core";
import type { McpBackend, OperationSummary } from "@alknet/http/mcp";
import {
  CallError,
  type CallRequest,
  type Dispatcher,
  type OperationSpec,
  type OperationType,
} from "@alknet/operations";

const TYPES: readonly OperationType[] = ["query", "mutation", "subscription"];

/**
 * The operations of another node, over the call protocol. A connection that breaks is dialled anew
 * by the next call.
 */
export class RemoteOperations implements McpBackend, Dispatcher, AsyncDisposable {
  readonly dispatcher: Dispatcher = this;
  readonly #dial: () => Promise<Connection>;
  #client?: Promise<CallClient> | undefined;
  #conn?: Connection;

  /** Dials nobody yet. */
  constructor(dial: () => Promise<Connection>) {
    this.#dial = dial;
  }

  /**
   * Dials, where there is no connection.
   *
   * @throws Whatever dialling throws.
   */
  connect(): Promise<CallClient> {
    return this.#client ??= this.#connect();
  }

  async list(signal: AbortSignal): Promise<readonly OperationSummary[]> {
    const listed = await this.call("services/list", {}, this.request(signal));
    return (Array.isArray(listed) ? listed : []).filter(isSummary);
  }

  async schema(name: string, signal: AbortSignal): Promise<OperationSpec> {
    const spec = await this.call("services/schema", { name }, this.request(signal));
    if (isSpec(spec)) return spec;
    throw new CallError("INTERNAL", "The node's answer is no description of an operation");
  }

  request(signal: AbortSignal): CallRequest {
    return { requestId: crypto.randomUUID(), signal, origin: "wire" };
  }

  async call(name: string, input: unknown, { signal }: CallRequest): Promise<unknown> {
    const client = await this.#reached();
    return await client.call(name, input, { signal });
  }

  async *subscribe(name: string, input: unknown, { signal }: CallRequest): AsyncGenerator<unknown> {
    const client = await this.#reached();
    yield* client.subscribe(name, input, { signal });
  }

  kindOf(): undefined {
    return undefined; // the node knows
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.[Symbol.asyncDispose]();
    this.#conn?.close();
  }

  async #reached(): Promise<CallClient> {
    try {
      return await this.connect();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : "unknown";
      throw new CallError("UNAVAILABLE", `The node cannot be reached: ${why}`, {
        retryable: true,
        cause,
      });
    }
  }

  async #connect(): Promise<CallClient> {
    try {
      const conn = this.#conn = await this.#dial();
      const forget = (): void => void (this.#client = undefined);
      conn.closed.then(forget, forget);
      return connectCall(conn);
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
  }
}

function isSummary(value: unknown): value is OperationSummary {
  return isRecord(value) && typeof value.name === "string" && isType(value.type) &&
    typeof value.description === "string";
}

/** Only what is looked at here is checked; the rest goes on to whoever asked. */
function isSpec(value: unknown): value is OperationSpec {
  return isRecord(value) && typeof value.name === "string" && isType(value.type);
}

function isType(value: unknown): value is OperationType {
  return TYPES.some((type) => type === value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
