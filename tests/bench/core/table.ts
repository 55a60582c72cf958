/** Lays rows out under their headings; numbers on the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0))
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => pad(cell, widths[column] ?? 0, column === 0)).join("  ").trimEnd();
  return [line(headings), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)]
    .join("\n");
}

/** A number with as many digits as it is worth. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "?";
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function pad(cell: string, width: number, left: boolean): string {
  return left ? cell.padEnd(width) : cell.padStart(width);
}
