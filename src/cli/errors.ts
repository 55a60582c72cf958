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
  /** The other side has no such operation, or the operation no such thing. */
  NotFound: 10,
  /** A call took longer than it may. */
  TimedOut: 11,
  /** A call failed with an error that its operation declares. */
  Declared: 12,
  /** The other side failed, or answered what cannot be read. */
  PeerFailed: 13,
  /** A call was taken back by Ctrl-C. */
  Interrupted: 130,
} as const;

/** One of the values of {@linkcode ExitCode}. */
export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/** What `alknet ssh` ends with when it fails itself, as ssh does. */
export const SSH_FAILED = 255;

/** Thrown to end this program with the exit code of another one that has ended. */
export class ProgramExit extends Error {
  /** The class's name. */
  override readonly name = "ProgramExit";
  /** Nobody's fault. */
  readonly blame = "remote";
  /** What this program ends with. */
  readonly exitCode: number;

  /** Takes the code of the other program. */
  constructor(exitCode: number) {
    super("The program has ended");
    this.exitCode = exitCode;
  }
}

/** An error for the person at the keyboard: one line that says what to do next. */
export class CliError extends Error {
  /** The class's name. */
  override readonly name = "CliError";
  /** Who has to act. */
  readonly blame = "user";
  /** What the program ends with. */
  readonly exitCode: ExitCode | typeof SSH_FAILED;
  /** What programs are told beside the line, with `--json`. */
  readonly details?: unknown;

  /** Takes the line and the exit code. */
  constructor(
    message: string,
    exitCode: ExitCode | typeof SSH_FAILED,
    options: CliErrorOptions = {},
  ) {
    super(message, options);
    this.exitCode = exitCode;
    if (options.details !== undefined) this.details = options.details;
  }
}

/** What a {@linkcode CliError} carries beside its line. */
export interface CliErrorOptions extends ErrorOptions {
  /** Plain data for programs. Default: none. */
  readonly details?: unknown;
}

/** A problem in a configuration file, at its place. */
export class ConfigError extends CliError {
  /** Where in the file. */
  readonly place: Place;

  /** Composes `file:line:column: problem`. */
  constructor(file: string, place: Place, problem: string, options?: ErrorOptions) {
    super(`${file}:${place.line}:${place.column}: ${problem}`, ExitCode.Config, options);
    this.place = place;
  }
}

/** A place in a text, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}
