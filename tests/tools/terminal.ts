const encoder = new TextEncoder();

/** Writes text to standard output. */
export function print(text: string): void {
  writeAll(Deno.stdout, text);
}

/** Writes a line to standard output. */
export function printLine(line = ""): void {
  print(`${line}\n`);
}

/** Whether to colour: standard output is a terminal and `NO_COLOR` is not set. */
export function isColoured(): boolean {
  return Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR");
}

const COLOURS = { green: 32, red: 31, yellow: 33, bold: 1 } as const;

/** The text in a colour on a terminal, as it is elsewhere. */
export function paint(colour: keyof typeof COLOURS, text: string): string {
  return isColoured() ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text;
}

function writeAll(file: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
