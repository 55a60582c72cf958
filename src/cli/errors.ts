/** Exit codes of the program, part of its interface (docs/guide.md). */
export const ExitCode = {
  /** All done. */
  Ok: 0,
  /** Something nobody expected; worth a bug report. */
  Failed: 1,
  /** The command line is wrong. */
  Usage: 2,
  /** Configuration or peers cannot be read. */
  Config: 3,
  /** The node cannot be reached. */
  Unreachable: 4,
  /** The other side refuses this key, or shows another one. */
  Refused: 5,
  /** No node is running here. */
  NotRunning: 6,
  /** The vault does not open. */
  Locked: 7,
  /** The port or another resource is taken. */
  Unavailable: 8,
  /** Some of the files could not be had, copied or changed. */
  Incomplete: 9,
} as const;

/** One of the values of {@linkcode ExitCode}. */
export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/** An error for the person at the keyboard: one line that says what to do next. */
export class CliError extends Error {
  /** The class's name. */
  override readonly name = "CliError";
  /** Who has to act. */
  readonly blame = "user";
  /** What the program ends with. */
  readonly exitCode: ExitCode;

  /** Takes the line and the exit code. */
  constructor(message: string, exitCode: ExitCode, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** A problem in a configuration file, at its place. */
export class ConfigError extends CliError {
  /** Composes `file:line:column: problem`. */
  constructor(file: string, place: Place, problem: string, options?: ErrorOptions) {
    super(`${file}:${place.line}:${place.column}: ${problem}`, ExitCode.Config, options);
  }
}

/** A place in a text, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}
