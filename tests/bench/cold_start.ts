/**
 * From starting dist/alknet to its first accepted connection, with nothing unpacked and again.
 * `deno task bundle && deno run -A tests/bench/cold_start.ts`
 */
import { join } from "node:path";
import { freePort } from "../tools/free_port.ts";

const PROGRAM = new URL("../../dist/alknet", import.meta.url).pathname;
const ROUNDS = 5;
const POLL_MS = 5;

async function startUpMs(home: string, port: number): Promise<number> {
  const begun = performance.now();
  const node = new Deno.Command(PROGRAM, {
    args: ["--json", "serve", "--listen", `127.0.0.1:${port}`],
    env: { ALKNET_HOME: join(home, "node"), XDG_CACHE_HOME: join(home, "cache"), HOME: home },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  while (!await accepts(port)) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  const elapsed = performance.now() - begun;
  node.kill("SIGTERM");
  await node.status;
  return elapsed;
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

function median(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return `${((sorted[Math.floor(sorted.length / 2)] ?? 0) / 1000).toFixed(2)} s`;
}

const first: number[] = [];
const later: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const home = await Deno.makeTempDir();
  first.push(await startUpMs(home, freePort()));
  later.push(await startUpMs(home, freePort()));
  await Deno.remove(home, { recursive: true });
}
// deno-lint-ignore no-console -- a bench prints
console.log(`first start, unpacking included: ${median(first)}; later starts: ${median(later)}`);
