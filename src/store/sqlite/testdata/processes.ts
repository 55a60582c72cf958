import { TextLineStream } from "./text_lines.ts";

/** Another process at work on a store. */
export interface Child extends AsyncDisposable {
  /** What it says, line by line. */
  readonly lines: ReadableStreamDefaultReader<string>;
  /** The process. */
  readonly process: Deno.ChildProcess;
}

/** Starts `child.ts`. */
export function startChild(...args: readonly (string | number)[]): Child {
  const script = new URL("./child.ts", import.meta.url).pathname;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, ...args.map(String)],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = process.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream()).getReader();
  return {
    lines,
    process,
    async [Symbol.asyncDispose](): Promise<void> {
      await lines.cancel();
      try {
        process.kill("SIGKILL");
      } catch {
        // it has ended by itself
      }
      await process.status;
    },
  };
}

/** Debian's own sqlite3 on a file, given statements and kept running. */
export async function sqliteProgram(path: string, statements: string): Promise<Child> {
  const process = new Deno.Command("sqlite3", {
    args: ["-bail", path],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const stdin = process.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(`${statements}\nselect 'done';\n`));
  const lines = process.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream()).getReader();
  await lines.read();
  return {
    lines,
    process,
    async [Symbol.asyncDispose](): Promise<void> {
      await stdin.close();
      await lines.cancel();
      await process.status;
    },
  };
}
