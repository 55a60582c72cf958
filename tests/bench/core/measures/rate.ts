import type { PeerProcess } from "../peer_process.ts";

/** One run of a scenario. */
export interface Sample {
  /** What the scenario measures, in its unit. */
  readonly value: number;
  /** CPU time of the server's process for it, in milliseconds. */
  readonly cpuMs: number;
  /** How many operations that was. */
  readonly ops: number;
}

/** Counts operations for a while. */
export async function rate(
  peer: PeerProcess,
  durationMs: number,
  work: (goingOn: () => boolean) => Promise<number>,
): Promise<Sample> {
  const startedAt = performance.now();
  const cpuBefore = peer.cpuMs();
  const ops = await work(() => performance.now() - startedAt < durationMs);
  const seconds = (performance.now() - startedAt) / 1000;
  return { value: ops / seconds, cpuMs: peer.cpuMs() - cpuBefore, ops };
}

/** Runs the same work several times at once and adds up what they count. */
export async function atOnce(count: number, work: () => Promise<number>): Promise<number> {
  const counts = await Promise.all(Array.from({ length: count }, work));
  return counts.reduce((sum, each) => sum + each, 0);
}
