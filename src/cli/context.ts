import type { Command } from "commander";
import { type Paths, resolvePaths } from "./paths.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** What every command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly paths: Paths;
}

/** The context of a command, from the options all commands share. */
export function contextOf(command: Command): CommandContext {
  const { json } = command.optsWithGlobals<{ json?: boolean }>();
  return {
    terminal: processTerminal({ json: Boolean(json) }),
    paths: resolvePaths((name) => Deno.env.get(name)),
  };
}

/** Adds the options by which a vault is opened. */
export function withVaultOptions(command: Command): Command {
  return command.option(
    "--passphrase-fd <n>",
    "read the vault passphrase from this file descriptor",
    Number,
  );
}

/** For options that may be given several times. */
export function repeated(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
