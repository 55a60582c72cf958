import type { CallRequest, Dispatcher, OperationSpec } from "@alknet/operations";

/** As much of an operation as a list shows. */
export type OperationSummary = Pick<OperationSpec, "name" | "type" | "description">;

/** Operations that one caller of MCP may call, on this node or another. */
export interface McpBackend {
  /** Calls them. */
  readonly dispatcher: Dispatcher;
  /** What the caller may call. */
  list(signal: AbortSignal): Promise<readonly OperationSummary[]>;
  /**
   * What there is to know of one operation.
   *
   * @throws {CallError} NOT_FOUND for one that the caller may not call.
   */
  schema(name: string, signal: AbortSignal): Promise<OperationSpec>;
  /** A call of the caller's that ends with a signal. */
  request(signal: AbortSignal): CallRequest;
}
