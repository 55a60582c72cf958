import type { Place } from "../errors.ts";

/** Where a key stands: its table, which one of an array of tables, and its name. */
export interface KeyPath {
  readonly table: string;
  /** Place in `[[table]]`, from 0. Default: 0. */
  readonly index?: number;
  /** Default: the table's header. */
  readonly key?: string;
}

const HEADER = /^\s*(\[{1,2})\s*([\w."-]+)\s*\]{1,2}/;

/**
 * Finds a key in a TOML text, for messages; the parser tells places only of syntax errors.
 *
 * @returns The key's place, else its table's, else the start of the text.
 */
export function locate(toml: string, path: KeyPath): Place {
  const seen = new Map<string, number>();
  let inside = path.table === "";
  let place: Place = { line: 1, column: 1 };
  for (const [index, text] of toml.split("\n").entries()) {
    const header = HEADER.exec(text);
    if (header) {
      const name = header[2] ?? "";
      const count = seen.get(name) ?? 0;
      seen.set(name, count + 1);
      inside = name === path.table && count === (path.index ?? 0);
      if (inside) place = { line: index + 1, column: 1 + text.search(/\S/) };
    } else if (inside && path.key && startsWithKey(text, path.key)) {
      return { line: index + 1, column: 1 + text.search(/\S/) };
    }
  }
  return place;
}

function startsWithKey(text: string, key: string): boolean {
  const name = /^\s*(?:"([^"]+)"|([\w-]+))\s*=/.exec(text);
  return (name?.[1] ?? name?.[2]) === key;
}
