import { printLine } from "./terminal.ts";

/** A tool of the repository cannot do its work; the message says what to do. */
export class ToolError extends Error {
  override readonly name = "ToolError";
  readonly blame = "user";
}

/** Runs a tool; a {@linkcode ToolError} becomes one line and exit code 1. */
export async function runTool(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    printLine(`${name}: ${error.message}`);
    Deno.exit(1);
  }
}
