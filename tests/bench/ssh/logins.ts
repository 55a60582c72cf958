import { median } from "../core/compare.ts";
import { table } from "../core/table.ts";
import { treeCpuMs, withoutChildren } from "./process_tree.ts";
import type { Way, WayName } from "./servers.ts";

/** How often. */
export interface LoginEffort {
  /** Logins one after the other. */
  readonly logins: number;
  readonly rounds: number;
}

/** What came of one way: medians. */
export interface LoginResult {
  readonly way: WayName;
  readonly options: string;
  /** Connecting, logging in, running `true` and leaving, in milliseconds. */
  readonly loginMs: number;
  /** CPU time of the server for that, in milliseconds. */
  readonly cpuMs: number;
  /** Until the last of {@linkcode LOGINS_AT_ONCE} is done. */
  readonly manyMs: number;
  /** Until the last of {@linkcode SESSIONS_AT_ONCE} commands in one connection is done. */
  readonly sessionsMs: number;
}

/** Logins at once. */
export const LOGINS_AT_ONCE = 50;
/** Sessions in one connection. */
export const SESSIONS_AT_ONCE = 40;

/** Logins of each way, with options of OpenSSH's client such as its key exchange. */
export async function logins(
  ways: readonly Way[],
  options: readonly string[],
  effort: LoginEffort,
): Promise<LoginResult[]> {
  const results: LoginResult[] = [];
  for (const way of ways) results.push(await loginsOf(way, options, effort));
  return results;
}

async function loginsOf(
  { name, pid, client }: Way,
  options: readonly string[],
  { logins, rounds }: LoginEffort,
): Promise<LoginResult> {
  const once = (): Promise<void> => client.run("true", options);
  await once(); // warm up
  await withoutChildren(pid);
  const cpuBefore = treeCpuMs(pid);
  const single = await timesOf(logins, once);
  await withoutChildren(pid); // what sshd started is counted once it has ended
  const cpuMs = (treeCpuMs(pid) - cpuBefore) / logins;
  const many = await timesOf(rounds, () => atOnce(LOGINS_AT_ONCE, once));
  await using connection = await client.connect(options);
  const sessions = await timesOf(
    rounds,
    () => atOnce(SESSIONS_AT_ONCE, () => connection.run("true")),
  );
  return {
    way: name,
    options: options.join(" "),
    loginMs: median(single),
    cpuMs,
    manyMs: median(many),
    sessionsMs: median(sessions),
  };
}

async function timesOf(count: number, action: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const begun = performance.now();
    await action();
    times.push(performance.now() - begun);
  }
  return times;
}

function atOnce(count: number, action: () => Promise<void>): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, action));
}

/** Lays the results out. */
export function loginTable(results: readonly LoginResult[]): string {
  const rows = results.map(({ way, options, loginMs, cpuMs, manyMs, sessionsMs }) => [
    `${way} ${options}`.trim(),
    ...[loginMs, cpuMs, manyMs, sessionsMs].map((ms) => ms.toFixed(0)),
  ]);
  const many = [`${LOGINS_AT_ONCE} at once ms`, `${SESSIONS_AT_ONCE} in one ms`];
  return table(["", "login and exec ms", "CPU ms server", ...many], rows);
}
