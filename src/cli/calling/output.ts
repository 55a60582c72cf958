import { CliError, ExitCode } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { prettyJson } from "./json_text.ts";

/**
 * Prints one value: indented and coloured on a terminal, one line of JSON elsewhere.
 *
 * @throws {CliError} With code 0 when nobody reads standard output any more.
 */
export async function printValue(value: unknown, { json, style }: Terminal): Promise<void> {
  const pretty = Deno.stdout.isTerminal() && !json;
  await printText(`${pretty ? prettyJson(value, style) : JSON.stringify(value ?? null)}\n`);
}

/**
 * Writes text to standard output, all of it.
 *
 * @throws {CliError} With code 0 when nobody reads standard output any more.
 */
export async function printText(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let sent = 0; sent < bytes.length;) sent += await Deno.stdout.write(bytes.subarray(sent));
  } catch (cause) {
    // `alknet call … | head -1` has what it wants: no failure, and nothing to say.
    if (cause instanceof Deno.errors.BrokenPipe) throw new CliError("", ExitCode.Ok, { cause });
    throw cause;
  }
}
