import type { Field } from "./field.ts";
import { assertKnownTables } from "./known_tables.ts";
import { parseToml, readToml, type TomlFile } from "./read_tables.ts";
import { tableOf } from "./table.ts";

/** `[store]` as the program uses it. */
export interface StoreConfig {
  /** Undefined for the file beside the vault. */
  readonly storeUrl?: string;
  readonly auditDays: number;
}

const TABLE = "store";

/** Keys of `[store]`. */
export const STORE_FIELDS: readonly Field[] = [
  {
    table: TABLE,
    key: "url",
    type: "string",
    fallback: "",
    doc:
      "Where peers and state are kept: sqlite:/path, or postgres://user@host/database for several " +
      "nodes. Default: a file beside the vault.",
  },
  {
    table: TABLE,
    key: "audit_days",
    type: "integer",
    fallback: "90",
    min: 1,
    doc: "Days that security events are kept.",
  },
];

/**
 * Reads `[store]` of `alknet.toml`, and of other tables nothing but their names: a mistake in one
 * keeps nobody from taking a peer's permission away, and the settings of every protocol need not be
 * loaded for that. An unknown table is a mistake here too: it may be a misspelt `[store]`, and the
 * permission would be taken away in the wrong place.
 *
 * @throws {ConfigError} When the file is not TOML, at an unknown table, or at the first mistake in
 * this one.
 */
export async function readStoreConfig(file: string): Promise<StoreConfig> {
  const toml = await readToml(file) ?? parseToml(file, "");
  assertKnownTables(toml);
  return storeConfigOf(toml);
}

/** Checks `[store]` and fills in what is missing. */
export function storeConfigOf(toml: TomlFile): StoreConfig {
  const store = tableOf(toml, STORE_FIELDS, TABLE);
  return { storeUrl: store.string("url") || undefined, auditDays: store.integer("audit_days") };
}
