const ROUNDS = 5;
const ROUND_MS = 30;

const collect: unknown = Reflect.get(globalThis, "gc");

/** Why a test of what stays on the heap cannot run; `test:soak` exposes the collector. */
export const NO_COLLECTOR: string | undefined = typeof collect === "function"
  ? undefined
  : "the collector is not exposed (--v8-flags=--expose-gc)";

/** Collects what nobody holds, where the collector is exposed; finalizers take turns of the loop. */
export async function collectGarbage(): Promise<void> {
  if (typeof collect !== "function") return;
  for (let round = 0; round < ROUNDS; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
}

/** Bytes of objects and of buffers that somebody still holds. */
export async function heldBytes(): Promise<number> {
  await collectGarbage();
  const { external, heapUsed } = Deno.memoryUsage();
  return heapUsed + external;
}
