import type { TerminalSize } from "@alknet/core";
import { endsWithin } from "@alknet/core/transport";

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

/** A running program, as signals and terminals reach it. */
export interface RunningProgram {
  /** Resolves when it has ended and everything it wrote was delivered. */
  readonly ended: Promise<ExitStatus>;
  /** Sends a signal, by its name without `SIG`. */
  signal(name: string): void;
  /** Changes the size of its terminal, if it has one. */
  resize(size: TerminalSize): void;
  /**
   * Hangs up, as a terminal does; kills it when that does not help. Resolves when it has ended and
   * what it left running has heard of it too.
   */
  hangUp(): Promise<void>;
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
/** Longer than it takes to kill a program that does not hang up. */
const PROGRAMS_TIMEOUT_MS = 5_000;

/** Sends a signal to a process and everything in its group; one that has ended is left alone. */
export function signalGroup(pid: number, name: string): void {
  if (!SIGNALS.has(name)) return;
  const signal = `SIG${name}` as Deno.Signal;
  if (!signalProcess(-pid, signal)) signalProcess(pid, signal); // not the leader of a group
}

/** Whether there was somebody to get the signal. */
function signalProcess(pid: number, signal: Deno.Signal): boolean {
  try {
    Deno.kill(pid, signal);
    return true;
  } catch {
    return false; // ended
  }
}

/**
 * Hangs up on a group of processes, and kills what is left of it; then hangs up on the rest of its
 * session. A shell does that for its jobs, but not one that was killed, and bash 5.2 often not when
 * it hears of the end while it prepares its prompt.
 */
export async function hangUpGroup(pid: number, ended: Promise<unknown>): Promise<void> {
  signalGroup(pid, "HUP");
  signalGroup(pid, "CONT");
  const timer = setTimeout(() => signalGroup(pid, "KILL"), KILL_AFTER_MS);
  await ended;
  clearTimeout(timer);
  for (const member of await membersOf(pid)) {
    signalProcess(member, "SIGHUP");
    signalProcess(member, "SIGCONT");
  }
}

/** Processes of a session, by its number; none where there is no /proc. */
async function membersOf(session: number): Promise<number[]> {
  const pids: number[] = [];
  try {
    for await (const { name } of Deno.readDir("/proc")) {
      if (/^\d+$/.test(name) && await sessionOf(name) === session) pids.push(Number(name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return pids;
}

/** proc_pid_stat(5): after the name, which may hold anything, state, parent, group and session. */
async function sessionOf(pid: string): Promise<number | undefined> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    return Number(stat.slice(stat.lastIndexOf(")")).split(" ")[4]);
  } catch {
    return undefined; // it has ended
  }
}

/** How a process of Deno's ended. */
export function exitStatus({ code, signal }: Deno.CommandStatus): ExitStatus {
  return signal ? { signal: signal.replace(/^SIG/, "") } : { code };
}

/** Waits for programs that are being ended: the last is killed within seconds. */
export async function haveEnded(programs: readonly Promise<unknown>[]): Promise<void> {
  await endsWithin(Promise.all(programs), PROGRAMS_TIMEOUT_MS);
}
