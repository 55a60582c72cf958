/** Longest file of names that is read. */
const MAX_BYTES = 1_048_576;

/**
 * Names of users and groups of this machine, from `/etc/passwd` and `/etc/group`; empty for those
 * that are not there.
 */
export async function systemNames(
  { uids, gids }: { readonly uids: readonly number[]; readonly gids: readonly number[] },
): Promise<{ users: string[]; groups: string[] }> {
  const [users, groups] = await Promise.all([readNames("/etc/passwd"), readNames("/etc/group")]);
  return {
    users: uids.map((uid) => users.get(uid) ?? ""),
    groups: gids.map((gid) => groups.get(gid) ?? ""),
  };
}

async function readNames(file: string): Promise<ReadonlyMap<number, string>> {
  const { size } = await Deno.stat(file).catch(() => ({ size: Infinity }));
  const text = size > MAX_BYTES ? "" : await Deno.readTextFile(file);
  const rows = text.split("\n").map((line) => line.split(":"));
  return new Map(rows.flatMap(([name = "", , id]) => id ? [[Number(id), name] as const] : []));
}
