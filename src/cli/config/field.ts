/** What a key of `alknet.toml` may hold. */
export type FieldType = "string" | "strings" | "integer" | "boolean";

/** One key: all that is known of it, for reading, for `alknet init` and for the documentation. */
export interface Field {
  /** The table it stands in, such as `limits`; a table of an array for `listen`. */
  readonly table: string;
  /** Its name in the table. */
  readonly key: string;
  readonly type: FieldType;
  /** What holds where it is missing, as TOML; empty where nothing does. */
  readonly fallback: string;
  /** What it is for, in one or two sentences. */
  readonly doc: string;
  /** Values it may have, for strings. */
  readonly values?: readonly string[];
  /** Smallest value, for integers. Default: 0. */
  readonly min?: number;
}

/** How a limit is called in the file. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
