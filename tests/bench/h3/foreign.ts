import { treeCpuMs } from "../ssh/process_tree.ts";

/** A server to ask with a client nobody here wrote. */
export interface ForeignTarget {
  readonly pid: number;
  readonly port: number;
  readonly path: string;
}

/** What came of it. */
export interface ForeignRate {
  readonly perSecond: number;
  /** The server's own time for a request. */
  readonly cpuUs: number;
}

/**
 * Requests of ngtcp2's client, all on one connection, as many at once as it may.
 *
 * @throws {TypeError} When it failed.
 * @throws {Deno.errors.NotFound} When it is not installed.
 */
export async function foreignRate(
  { pid, port, path }: ForeignTarget,
  requests: number,
): Promise<ForeignRate> {
  const args = ["-q", "--exit-on-all-streams-close", "-n", `${requests}`];
  const command = new Deno.Command("gtlsclient", {
    args: [...args, "127.0.0.1", `${port}`, `https://localhost:${port}${path}`],
    stdout: "null",
    stderr: "null",
  });
  const [startedAt, cpuBefore] = [performance.now(), treeCpuMs(pid)];
  const { code } = await command.output();
  if (code !== 0) throw new TypeError(`gtlsclient ended with ${code}`);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { perSecond: requests / seconds, cpuUs: (treeCpuMs(pid) - cpuBefore) * 1_000 / requests };
}
