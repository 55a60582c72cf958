import type { Blame } from "@alknet/core";

/** Thrown where an operation is defined with a schema that cannot be used. */
export class SchemaError extends TypeError {
  /** The class's name. */
  override readonly name = "SchemaError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown where an operation is defined or registered against the rules. */
export class OperationDefinitionError extends TypeError {
  /** The class's name. */
  override readonly name = "OperationDefinitionError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown at registration when a name is taken. */
export class OperationConflictError extends TypeError {
  /** The class's name. */
  override readonly name = "OperationConflictError";
  /** Who has to act. */
  readonly blame: Blame = "local";
  /** The name claimed twice. */
  readonly operation: string;

  /** Names the operation, and the source that has it. */
  constructor(operation: string, source: string) {
    super(`Cannot register operation "${operation}": "${source}" has one of that name`);
    this.operation = operation;
  }
}
