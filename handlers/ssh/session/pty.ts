import type { TerminalSize } from "@alknet/core";

import type { ProgramSpec, RunningProgram } from "./program.ts";

/** A program's terminal, from the side of the one who sits at it. */
export interface Pty extends RunningProgram {
  /** Resolves to what the program shows; null when it has ended. */
  read(): Promise<Uint8Array | null>;
  /** Types something. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Makes terminals. */
export interface PtyProvider {
  /** What it is made with, for `alknet status`. */
  readonly name: string;
  /**
   * Starts a program on a new terminal.
   *
   * @throws {PtyError} When that is not possible.
   */
  open(program: ProgramSpec, size: TerminalSize): Promise<Pty>;
}
