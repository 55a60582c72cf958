/** Where a thread's time went, which a clock on a machine that others use too does not tell. */

/** Milliseconds so far. */
export interface ThreadTime {
  /** On the clock. */
  readonly wall: number;
  /** On a processor. */
  readonly running: number;
  /** In the queue for one, since others had it. */
  readonly queued: number;
}

/** The calling thread's; without Linux's schedstat, all of its time is on the clock. */
export function threadTime(): ThreadTime {
  const [running = 0, queued = 0] = schedstat().split(" ").map((ns) => Number(ns) / 1e6);
  return { wall: performance.now(), running, queued };
}

/** What has been added since. */
export function timeSince({ wall, running, queued }: ThreadTime): ThreadTime {
  const now = threadTime();
  return { wall: now.wall - wall, running: now.running - running, queued: now.queued - queued };
}

/** Neither running nor about to: waiting for something to happen. */
export function idleMs({ wall, running, queued }: ThreadTime): number {
  return wall - running - queued;
}

/** What it would have taken with a processor to itself, waits for anything else included. */
export function aloneMs({ wall, queued }: ThreadTime): number {
  return wall - queued;
}

/** A synchronous read is done by the very thread that asks. */
function schedstat(): string {
  try {
    return Deno.readTextFileSync("/proc/thread-self/schedstat");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
