/**
 * The program `alknet`: assembles handlers, vault and configuration, and prints. The only package
 * that knows all others.
 *
 * ```sh
 * deno run -A jsr:@alknet/cli serve
 * ```
 *
 * ```ts
 * import { runCli } from "@alknet/cli/mod";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(await runCli(["config", "path", "--json"]), 0);
 * ```
 *
 * @module
 */
import { CommanderError } from "commander";
import { CliError, ExitCode, ProgramExit } from "./errors.ts";
import { adviceFor, exitCodeOf, isExpected } from "./exit_code_of.ts";
import { program } from "./program.ts";
import { processTerminal } from "./terminal.ts";

export { ExitCode };

/**
 * Runs one command line.
 *
 * @param args What follows the program's name.
 * @returns The exit code, of {@linkcode ExitCode} or that of a program at the other end; errors have
 * been printed by then.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  try {
    const root = await program(args);
    await root.parseAsync([...args], { from: "user" });
    return ExitCode.Ok;
  } catch (error) {
    if (error instanceof ProgramExit) return error.exitCode;
    const code = exitCodeOf(error);
    if (code !== ExitCode.Ok) explain(error, code, args.includes("--json"));
    return code;
  }
}

function explain(error: unknown, code: number, json: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  const terminal = processTerminal({ json: false });
  if (json) {
    const details = error instanceof CliError ? error.details : undefined;
    return terminal.note(JSON.stringify({ error: { code, message, details } }));
  }
  if (error instanceof CommanderError) {
    return terminal.note(`${message.replace(/^error: /, "alknet: ")} (see "alknet --help")`);
  }
  if (isExpected(error)) return terminal.note(`alknet: ${message}${adviceFor(error)}`);
  const detail = error instanceof Error ? error.stack : message;
  terminal.note(`alknet: a defect of this program, please report it: ${detail}`);
}
