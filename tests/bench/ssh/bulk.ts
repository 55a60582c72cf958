import { median } from "../core/compare.ts";
import { figure, table } from "../core/table.ts";
import type { SharedConnection } from "./open_ssh.ts";
import { treeCpuMs } from "./process_tree.ts";
import type { Way, WayName } from "./servers.ts";

/** How much and how often. */
export interface BulkEffort {
  readonly rounds: number;
  readonly megabytes: number;
}

/** What is measured: to the server and from it. */
export const DIRECTIONS = ["down", "up"] as const;

export type Direction = typeof DIRECTIONS[number];

/** Ciphers: the one that OpenSSH's client takes by itself, and the other. */
export const CIPHERS = {
  chacha20: "chacha20-poly1305@openssh.com",
  "aes-gcm": "aes128-gcm@openssh.com",
} as const;

/** One transfer. */
interface Sample {
  readonly mbPerSecond: number;
  readonly cpuSecondsPerGb: number;
}

/** What came of one way. */
export interface BulkResult extends Sample {
  readonly way: WayName;
  readonly cipher: string;
  readonly direction: Direction;
  /** Rate to sshd's of the same round: lowest, median, highest. */
  readonly ratio: readonly [low: number, mid: number, high: number];
}

/** Sends zeros down and up through one connection of each way, turn and turn about. */
export async function bulk(
  ways: readonly Way[],
  cipher: keyof typeof CIPHERS,
  { rounds, megabytes }: BulkEffort,
): Promise<BulkResult[]> {
  await using stack = new AsyncDisposableStack();
  const connections: SharedConnection[] = [];
  for (const { client } of ways) {
    connections.push(stack.use(await client.connect(["-c", CIPHERS[cipher]])));
  }
  const samples = new Map<string, Sample[]>();
  for (let round = -1; round < rounds; round++) { // the first is to warm up
    for (const direction of DIRECTIONS) {
      for (const step of ways.keys()) {
        const index = (Math.max(round, 0) + step) % ways.length;
        const [way, connection] = [ways[index], connections[index]];
        if (!way || !connection) continue;
        const sample = await transfer(way, connection, direction, round < 0 ? 16 : megabytes);
        if (round < 0) continue;
        const key = `${way.name} ${direction}`;
        samples.set(key, [...samples.get(key) ?? [], sample]);
      }
    }
  }
  return DIRECTIONS.flatMap((direction) => ways.map(({ name }) => result(name, direction)));

  function result(way: WayName, direction: Direction): BulkResult {
    const own = samples.get(`${way} ${direction}`) ?? [];
    const theirs = samples.get(`sshd ${direction}`) ?? [];
    const ratios = own.map((each, at) => each.mbPerSecond / (theirs[at]?.mbPerSecond ?? NaN))
      .sort((a, b) => a - b);
    return {
      way,
      cipher,
      direction,
      mbPerSecond: median(own.map((each) => each.mbPerSecond)),
      cpuSecondsPerGb: median(own.map((each) => each.cpuSecondsPerGb)),
      ratio: [ratios[0] ?? NaN, median(ratios), ratios.at(-1) ?? NaN],
    };
  }
}

/** The time of the program at the server's end is in the CPU seconds of all alike. */
async function transfer(
  { pid }: Way,
  connection: SharedConnection,
  direction: Direction,
  megabytes: number,
): Promise<Sample> {
  const bytes = megabytes * 1_000_000;
  const cpuBefore = treeCpuMs(pid);
  const begun = performance.now();
  if (direction === "down") await connection.run(`head -c ${bytes} /dev/zero`);
  else await sendZeros(connection, bytes);
  const seconds = (performance.now() - begun) / 1000;
  const cpuSeconds = (treeCpuMs(pid) - cpuBefore) / 1000;
  return { mbPerSecond: megabytes / seconds, cpuSecondsPerGb: cpuSeconds / megabytes * 1000 };
}

/** From a file without blocks, which is all zeros and takes no room. */
async function sendZeros(connection: SharedConnection, bytes: number): Promise<void> {
  const file = await Deno.makeTempFile({ prefix: "alknet-bench-ssh-" });
  try {
    await Deno.truncate(file, bytes);
    await connection.run("cat >/dev/null", file);
  } finally {
    await Deno.remove(file);
  }
}

/** Lays the results out. */
export function bulkTable(results: readonly BulkResult[]): string {
  const rows = results.map(({ cipher, direction, way, ...each }) => [
    `${cipher} ${direction}, ${way}`,
    figure(each.mbPerSecond),
    figure(each.cpuSecondsPerGb),
    `${each.ratio[1].toFixed(2)} (${each.ratio[0].toFixed(2)}-${each.ratio[2].toFixed(2)})`,
  ]);
  return table(["", "MB/s", "CPU s/GB", "rate to sshd (range)"], rows);
}
