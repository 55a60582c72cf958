import type { Operation } from "@alknet/operations";

/** Operations of another service. */
export interface ImportedOperations {
  /** To be registered, with the service's secrets as capabilities. All internal. */
  readonly operations: readonly Operation[];
  /** What could not be made an operation. */
  readonly skipped: readonly SkippedOperation[];
}

/** Something of a service that is no operation here. */
export interface SkippedOperation {
  /** What the service calls it. */
  readonly name: string;
  /** Why. */
  readonly reason: string;
}
