/** How a program ended. */
export type ExitStatus =
  | { readonly code: number }
  | { /** Without `SIG`, as in RFC 4254 section 6.10. */ readonly signal: string };

/** A program to run. */
export interface ProgramSpec {
  /** The program and its arguments. */
  readonly argv: readonly [string, ...string[]];
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Where it starts. */
  readonly cwd: string;
}

/** Size of a terminal in characters. */
export interface TerminalSize {
  /** Columns. */
  readonly columns: number;
  /** Rows. */
  readonly rows: number;
}

/** A running program, as signals and terminals reach it. */
export interface RunningProgram {
  /** Resolves when it has ended and everything it wrote was delivered. */
  readonly ended: Promise<ExitStatus>;
  /** Sends a signal, by its name without `SIG`. */
  signal(name: string): void;
  /** Changes the size of its terminal, if it has one. */
  resize(size: TerminalSize): void;
  /** Hangs up, as a terminal does; kills it when that does not help. */
  hangUp(): void;
}

/** Signals that a client may send (RFC 4254 section 6.9), and two that shells send. */
const SIGNALS: ReadonlySet<string> = new Set([
  "ABRT",
  "ALRM",
  "CONT",
  "FPE",
  "HUP",
  "ILL",
  "INT",
  "KILL",
  "PIPE",
  "QUIT",
  "SEGV",
  "STOP",
  "TERM",
  "TSTP",
  "USR1",
  "USR2",
  "WINCH",
]);

/** Time between hanging up and killing. */
const KILL_AFTER_MS = 3_000;

/** Sends a signal to a process and everything in its group; one that has ended is left alone. */
export function signalGroup(pid: number, name: string): void {
  if (!SIGNALS.has(name)) return;
  const signal = `SIG${name}` as Deno.Signal;
  for (const target of [-pid, pid]) {
    try {
      return Deno.kill(target, signal);
    } catch {
      continue; // ended, or not the leader of a group
    }
  }
}

/** Hangs up on a group of processes, and kills what is left of it. */
export function hangUpGroup(pid: number, ended: Promise<unknown>): void {
  signalGroup(pid, "HUP");
  signalGroup(pid, "CONT");
  const timer = setTimeout(() => signalGroup(pid, "KILL"), KILL_AFTER_MS);
  ended.finally(() => clearTimeout(timer));
}

/** How a process of Deno's ended. */
export function exitStatus({ code, signal }: Deno.CommandStatus): ExitStatus {
  return signal ? { signal: signal.replace(/^SIG/, "") } : { code };
}
