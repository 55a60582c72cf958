import { table } from "../core/table.ts";
import { treeBytes, withoutChildren } from "./process_tree.ts";
import { Servers, type WayName } from "./servers.ts";

/** Memory of a server after so many connections, each with a command, one after the other. */
export interface SessionsResult {
  readonly way: WayName;
  readonly points: readonly { readonly sessions: number; readonly bytes: number }[];
}

const AT_ONCE = 4;

/** Logs in again and again; looks at memory at each of the counts. */
export async function repeatedSessions(
  name: WayName,
  counts: readonly number[],
): Promise<SessionsResult> {
  await using servers = await Servers.start();
  const way = servers.ways.find((each) => each.name === name);
  if (!way) throw new RangeError(`No way ${name}`);
  const points: { sessions: number; bytes: number }[] = [];
  let done = 0;
  for (const count of counts) {
    const loop = async (): Promise<void> => {
      while (done < count) {
        done++;
        await way.client.run("true");
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, loop));
    await withoutChildren(way.pid);
    points.push({ sessions: count, bytes: treeBytes(way.pid) });
  }
  return { way: name, points };
}

/** Lays the results out. */
export function sessionsTable(results: readonly SessionsResult[]): string {
  const counts = results[0]?.points.map(({ sessions }) => sessions) ?? [];
  const rows = results.map(({ way, points }) => [
    way,
    ...points.map(({ bytes }) => (bytes / 1e6).toFixed(1)),
  ]);
  return table(["", ...counts.map((count) => `MB after ${count}`)], rows);
}
