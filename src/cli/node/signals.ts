/** What happens on signals. */
export interface SignalActions {
  /** On SIGHUP. */
  reload(): Promise<void>;
  /** On the first SIGINT or SIGTERM. */
  stopping(signal: Deno.Signal): void;
}

/** A parent and a terminal may both send the signal; within this time it is one. */
const SAME_SIGNAL_MS = 500;
const INTERRUPTED = 130;

/**
 * Waits for SIGINT or SIGTERM; a second one, later, ends the process at once.
 *
 * @returns Resolves at the first.
 */
export async function untilStopped(actions: SignalActions): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGHUP", () => void actions.reload());
  onStop((signal) => {
    actions.stopping(signal);
    resolve();
  });
  await promise;
}

/** Calls back at the first SIGINT or SIGTERM; a second one, later, ends the process at once. */
export function onStop(stopping: (signal: Deno.Signal) => void): void {
  let stoppedAt: number | undefined;
  const stop = (signal: Deno.Signal): void => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now();
      stopping(signal);
    } else if (performance.now() - stoppedAt > SAME_SIGNAL_MS) Deno.exit(INTERRUPTED);
  };
  Deno.addSignalListener("SIGINT", () => stop("SIGINT"));
  Deno.addSignalListener("SIGTERM", () => stop("SIGTERM"));
}
