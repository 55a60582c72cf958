import type { Field } from "./field.ts";
import { ARRAY_TABLES } from "./known_tables.ts";
import { FIELDS } from "./schema.ts";

const LINE_WIDTH = 96;

/**
 * The commented file that `alknet init` writes: every key with its default, each commented out.
 *
 * @returns TOML.
 */
export function configTemplate(): string {
  const tables = [...new Set(FIELDS.map((field) => field.table))];
  const head = [
    "# alknet.toml: what this node serves, and how. Every key is optional and shown with its default.",
    "# Check it with: alknet config check. A running node takes up peers by itself; for changes here",
    "# restart it.",
  ];
  return [...head, ...tables.flatMap(tableLines)].join("\n") + "\n";
}

function tableLines(table: string): string[] {
  const header = ARRAY_TABLES.has(table) ? `[[${table}]]` : `[${table}]`;
  const fields = FIELDS.filter((field) => field.table === table);
  return ["", header, ...fields.flatMap(fieldLines)];
}

function fieldLines({ doc, key, fallback, values }: Field): string[] {
  const choice = values && !fallback.startsWith("[") ? ` One of: ${values.join(", ")}.` : "";
  return [...wrap(doc + choice), `# ${key} = ${fallback || '""'}`];
}

function wrap(text: string): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last.length + word.length + 3 > LINE_WIDTH) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.map((line) => `# ${line}`);
}
