/** What happens on signals. */
export interface SignalActions {
  /** On SIGHUP. */
  reload(): Promise<void>;
  /** On the first SIGINT or SIGTERM. */
  stopping(signal: Deno.Signal): void;
}

/**
 * Waits for SIGINT or SIGTERM; a second one ends the process at once.
 *
 * @returns Resolves at the first.
 */
export async function untilStopped(actions: SignalActions): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const hangup = (): void => void actions.reload();
  const stop = (signal: Deno.Signal) => (): void => {
    actions.stopping(signal);
    Deno.addSignalListener("SIGINT", leaveNow);
    Deno.addSignalListener("SIGTERM", leaveNow);
    resolve();
  };
  const interrupt = stop("SIGINT");
  const terminate = stop("SIGTERM");
  Deno.addSignalListener("SIGHUP", hangup);
  Deno.addSignalListener("SIGINT", interrupt);
  Deno.addSignalListener("SIGTERM", terminate);
  await promise;
  Deno.removeSignalListener("SIGHUP", hangup);
  Deno.removeSignalListener("SIGINT", interrupt);
  Deno.removeSignalListener("SIGTERM", terminate);
}

const INTERRUPTED = 130;

function leaveNow(): void {
  Deno.exit(INTERRUPTED);
}
