import type { Table } from "./table.ts";

/**
 * Makes something as the node will when it starts.
 *
 * @throws {ConfigError} At a key's place, for whatever error that is.
 */
export function checked<T>(table: Table, key: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw table.error(key, error instanceof Error ? error.message : String(error));
  }
}
