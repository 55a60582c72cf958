import { printable, type Style } from "../terminal.ts";

/**
 * JSON for people: indented, with colours, and with nothing in it that a terminal would obey.
 *
 * @param value Any JSON.
 * @param style How keys and values look.
 */
export function prettyJson(value: unknown, style: Style, indent = ""): string {
  const inside = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    const items = value.map((each) => `${inside}${prettyJson(each, style, inside)}`);
    return `[\n${items.join(",\n")}\n${indent}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return "{}";
    const lines = entries.map(([key, each]) =>
      `${inside}${style.cyan(quoted(key))}: ${prettyJson(each, style, inside)}`
    );
    return `{\n${lines.join(",\n")}\n${indent}}`;
  }
  if (typeof value === "string") return style.green(quoted(value));
  return value === null ? style.dim("null") : style.bold(JSON.stringify(value) ?? "null");
}

function quoted(text: string): string {
  return printable(JSON.stringify(text));
}
