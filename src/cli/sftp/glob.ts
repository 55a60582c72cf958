import { type DirectoryEntry, type Files, joinPath, splitPath } from "@alknet/sftp";
import { CliError, ExitCode } from "../errors.ts";

const SPECIAL = /[*?[]/;

/**
 * The paths that a pattern stands for: `*`, `?` and `[…]` in its last part match names, hidden ones
 * only if the pattern begins with a dot. A path without any of them stands for itself.
 *
 * @throws {CliError} When nothing matches.
 */
export async function expandGlob(files: Files, pattern: string): Promise<string[]> {
  const { parent, name } = splitPath(pattern);
  if (!SPECIAL.test(name)) return [pattern];
  const matches = globMatcher(name);
  const found = (await entriesOf(files, parent)).filter((entry) => matches(entry.name));
  if (found.length === 0) throw new CliError(`Nothing matches "${pattern}"`, ExitCode.Incomplete);
  return found.map((entry) => joinPath(parent, entry.name)).sort();
}

/** Every entry of a directory. */
export async function entriesOf(files: Files, path: string): Promise<DirectoryEntry[]> {
  const directory = await files.list(path);
  try {
    const entries: DirectoryEntry[] = [];
    for (let part = await directory.next(128); part; part = await directory.next(128)) {
      entries.push(...part);
    }
    return entries;
  } finally {
    await directory.close();
  }
}

/** Whether names match a pattern. */
export function globMatcher(pattern: string): (name: string) => boolean {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    const set = character === "[" ? /^\[([!^]?)([^\]]+)\]/.exec(pattern.slice(at)) : null;
    if (set) {
      source += `[${set[1] ? "^" : ""}${(set[2] ?? "").replace(/[\\\]^]/g, "\\$&")}]`;
      at += set[0].length - 1;
    } else if (character === "*") source += ".*";
    else if (character === "?") source += ".";
    else source += character.replace(/[\\^$.|+(){}[\]]/g, "\\$&");
  }
  const expression = new RegExp(`^${source}$`, "su");
  return (name) => expression.test(name) && (!name.startsWith(".") || pattern.startsWith("."));
}
