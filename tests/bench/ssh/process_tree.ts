/** Ticks of the counters in /proc/<pid>/stat. */
const TICK_MS = 10;
const SETTLE_MS = 20;

/** CPU time of a process and all it has started, those that have ended included. */
export function treeCpuMs(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + cpuMs(pid), 0);
}

/**
 * Memory of a process and of those below it that run the same program, in bytes. Pages that several
 * share count in parts (PSS), or a server of many processes would look larger than it is.
 */
export function treeBytes(root: number): number {
  const program = programOf(root);
  return treeOf(root).filter((pid) => pid === root || programOf(pid) === program)
    .reduce((sum, pid) => sum + pssBytes(pid), 0);
}

/** Waits until nothing that a process has started is left. */
export async function withoutChildren(root: number, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (treeOf(root).length > 1) {
    if (performance.now() > deadline) throw new TypeError(`Process ${root} keeps its children`);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }
}

/** A process that ends meanwhile has nothing to say. */
function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

function treeOf(pid: number): number[] {
  let threads: string[] = [];
  try {
    threads = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
  } catch {
    return [pid]; // just ended
  }
  const children = threads
    .flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).trim().split(" "))
    .filter(Boolean);
  return [pid, ...children.flatMap((child) => treeOf(Number(child)))];
}

function cpuMs(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const [, , ...fields] = stat.slice(stat.lastIndexOf(")")).split(" ");
  // Own user and system time, then that of children which were waited for.
  return fields.slice(10, 14).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK_MS;
}

function programOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim();
}

function pssBytes(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
