import type { Stream } from "./connection.ts";
import type { StreamContext } from "./stream_service.ts";

/** What a command reads and writes. */
export interface CommandIo {
  /** Standard input and output; ending its own direction is the caller's job. */
  readonly stream: Stream;
  /** Variables the client has set and may set. */
  readonly env: ReadonlyMap<string, string>;
  /** Writes to standard error. */
  writeError(bytes: Uint8Array): Promise<void>;
}

/** Runs a command to its end; resolves to its exit code. */
export type CommandRun = (io: CommandIo, context: StreamContext) => Promise<number>;

/**
 * Commands that a handler offers to whoever can run commands, such as SSH: `git-upload-pack` is one.
 * It decides by itself what an identity may do; no shell and no process is involved.
 *
 * It is given the whole command line and returns how to run it, or undefined for one that is not
 * its own.
 */
export type CommandService = (command: string) => CommandRun | undefined;
