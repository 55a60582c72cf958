import { ConfigError } from "../errors.ts";
import { locate } from "./locate.ts";
import type { TomlFile } from "./read_tables.ts";
import { nearest } from "./table.ts";

/** Tables that may stand several times, as `[[name]]`. */
export const ARRAY_TABLES: ReadonlySet<string> = new Set([
  "listen",
  "mcp",
  "openapi",
  "reexport",
  "site",
]);

/** Every table of `alknet.toml`; a test holds this against the schema, which is slow to load. */
export const TABLES: ReadonlySet<string> = new Set([
  ...ARRAY_TABLES,
  "acme",
  "call",
  "echo",
  "handlers",
  "http",
  "limits",
  "log",
  "node",
  "operations",
  "sftp",
  "ssh",
  "store",
]);

/**
 * Checks that a file has no tables but known ones, in the right form.
 *
 * @throws {ConfigError} At the first that is not.
 */
export function assertKnownTables(toml: TomlFile): void {
  for (const [name, value] of Object.entries(toml.root)) {
    const place = (): ReturnType<typeof locate> => {
      const found = locate(toml.text, { table: name });
      return found.line > 1 ? found : locate(toml.text, { table: "", key: name });
    };
    if (!TABLES.has(name)) {
      throw new ConfigError(
        toml.file,
        place(),
        `Unknown table "${name}": ${nearest(name, TABLES)}`,
      );
    }
    if (Array.isArray(value) !== ARRAY_TABLES.has(name)) {
      const form = ARRAY_TABLES.has(name) ? `[[${name}]]` : `[${name}]`;
      throw new ConfigError(toml.file, place(), `Write ${form}`);
    }
  }
}
