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
    return await fail(error, args.includes("--json"));
  }
}

/** Says what went wrong. The errors of every package are loaded only now, which takes its time. */
async function fail(error: unknown, json: boolean): Promise<number> {
  const { adviceFor, exitCodeOf, isExpected } = await import("./exit_code_of.ts");
  const code = exitCodeOf(error);
  if (code === ExitCode.Ok) return code;
  const message = error instanceof Error ? error.message : String(error);
  const { note } = processTerminal({ json: false });
  if (json) {
    const details = error instanceof CliError ? error.details : undefined;
    note(JSON.stringify({ error: { code, message, details } }));
  } else if (error instanceof CommanderError) {
    note(`${message.replace(/^error: /, "alknet: ")} (see "alknet --help")`);
  } else if (isExpected(error)) {
    note(`alknet: ${message}${adviceFor(error)}`);
  } else {
    const detail = error instanceof Error ? error.stack : message;
    note(`alknet: a defect of this program, please report it: ${detail}`);
  }
  return code;
}
