// deno-lint-ignore-file no-console -- the one place of the program that prints
/** Where a command prints; the one place that knows of terminals, colours and JSON. */
export interface Terminal {
  /** Whether results are printed as JSON. */
  readonly json: boolean;
  /** Prints a line of a result for people; silent with `--json`. */
  line(text?: string): void;
  /** Prints a result for programs; silent without `--json`. */
  data(value: unknown): void;
  /** Prints a line beside the result, to standard error. */
  note(text: string): void;
  /** Styles for people; plain text where standard output is no terminal or `NO_COLOR` is set. */
  readonly style: Style;
}

/** Functions that wrap text in terminal styles. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  red(text: string): string;
  cyan(text: string): string;
}

/** The terminal this process runs in. */
export function processTerminal(options: { json: boolean }): Terminal {
  const { json } = options;
  const colours = Deno.stdout.isTerminal() && !Deno.noColor && !json;
  return {
    json,
    line: (text = "") => json ? undefined : print(text),
    data: (value) => json ? print(JSON.stringify(value)) : undefined,
    note: (text) => console.error(text),
    style: styles(colours),
  };
}

/**
 * Aligns rows in columns, two spaces apart.
 *
 * @param rows Cells; the first row is the heading.
 * @returns One line a row.
 */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  return rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()
  );
}

/**
 * Text of others for a terminal: control characters and those that reorder what is shown are written
 * as escapes, so that it can be read and does nothing. Line feeds and tabs are among them.
 */
export function printable(text: string): string {
  return text.toWellFormed().replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** How long ago something was, in its largest unit. */
export function ago(since: Date, now: Date = new Date()): string {
  const seconds = Math.max(0, Math.round((now.getTime() - since.getTime()) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

function print(text: string): void {
  console.log(text);
}

function styles(enabled: boolean): Style {
  const style = (code: number) => (text: string): string =>
    enabled ? `\x1b[${code}m${text}\x1b[0m` : text;
  return { bold: style(1), dim: style(2), green: style(32), red: style(31), cyan: style(36) };
}
