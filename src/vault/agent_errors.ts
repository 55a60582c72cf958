import type { Blame } from "./errors.ts";

/** Thrown for bytes that are not a message of the SSH agent protocol. */
export class AgentProtocolError extends SyntaxError {
  /** Name of the class. */
  override readonly name = "AgentProtocolError";
  /** Who sent them. */
  readonly blame: Blame = "remote";
}

/** Thrown where the agent's socket cannot be made: in use, in a directory that others enter. */
export class AgentSocketError extends Error {
  /** Name of the class. */
  override readonly name = "AgentSocketError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}

/** Thrown where no agent answers at a socket. */
export class AgentUnavailableError extends Error {
  /** Name of the class. */
  override readonly name = "AgentUnavailableError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}

/** Thrown where an agent answers, and does not give what was asked: locked, or another agent. */
export class AgentRefusedError extends Error {
  /** Name of the class. */
  override readonly name = "AgentRefusedError";
  /** Who refused. */
  readonly blame: Blame = "remote";
}
