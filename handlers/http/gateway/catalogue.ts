import type { Identity } from "@alknet/core";
import { CallError, type Dispatcher, type OperationSpec } from "@alknet/operations";

/** What there is to call: an `OperationRegistry`, or what looks like one. */
export interface OperationCatalogue {
  /** What an identity may call from the wire, by name. */
  list(identity?: Identity): readonly OperationSpec[];
  /**
   * One of these operations.
   *
   * @throws {CallError} NOT_FOUND for any other.
   */
  schema(name: string, identity?: Identity): OperationSpec;
}

/** Calls operations and knows them: what the gateway and MCP stand on. */
export interface OperationSource {
  /** Calls them. */
  readonly dispatcher: Dispatcher;
  /** Knows them. */
  readonly catalogue: OperationCatalogue;
}

/** An operation that an identity may know of; undefined for any other. */
export function specFor(
  { catalogue }: OperationSource,
  name: string,
  identity: Identity | undefined,
): OperationSpec | undefined {
  try {
    return catalogue.schema(name, identity);
  } catch (error) {
    if (error instanceof CallError) return undefined;
    throw error;
  }
}
