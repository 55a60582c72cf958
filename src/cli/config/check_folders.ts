import { table, tablesNamed } from "./config.ts";
import { readToml } from "./read_tables.ts";
import { SITE_TABLE } from "./site_schema.ts";
import { dirname, resolve } from "node:path";

/**
 * Looks whether the folders that are to be served are there. A node starts without them, as a disk
 * may come later; whoever asks whether the configuration is good wants to know.
 *
 * @param file The configuration; nothing is wrong with one that is not there.
 * @throws {ConfigError} At the place of the first that is no folder, or cannot be read.
 */
export async function checkFolders(file: string): Promise<void> {
  const toml = await readToml(file);
  if (!toml) return;
  const places = [
    ...tablesNamed(toml, SITE_TABLE).map((site) => ({ table: site, key: "root" })),
    { table: table(toml, "http"), key: "decoy_root" },
  ];
  for (const { table, key } of places) {
    const folder = table.string(key);
    if (folder === "") continue;
    const problem = await problemOf(resolve(dirname(file), folder));
    if (problem) throw table.error(key, `"${folder}" ${problem}`);
  }
}

async function problemOf(folder: string): Promise<string | undefined> {
  try {
    for await (const _ of Deno.readDir(folder)) break;
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "does not exist";
    if (error instanceof Deno.errors.NotADirectory) return "is no folder";
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
