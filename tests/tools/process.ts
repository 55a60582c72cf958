import { ToolError } from "./errors.ts";
import { print } from "./terminal.ts";

/** What a finished command left behind. */
export interface Finished {
  readonly code: number;
  /** Standard output; standard error too where it was captured. */
  readonly output: string;
}

/** How to run a command. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with every line of standard output as it comes; default prints nothing. */
  readonly onLine?: (line: string) => void;
}

/** Runs a command to its end; standard error goes to ours, standard output is collected. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawn(command, { ...options, stderr: "inherit" });
  const output = await collect(child.stdout, options.onLine);
  return { code: (await child.status).code, output };
}

/** Runs a command and keeps both of its outputs. */
export async function capture(
  command: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const child = spawn(command, { ...options, stderr: "piped" });
  const [out, err] = await Promise.all([collect(child.stdout), collect(child.stderr)]);
  return { code: (await child.status).code, output: out + err };
}

/** Runs a command that has to succeed; returns its standard output. */
export async function must(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, output } = await run(command, options);
  if (code !== 0) {
    print(output);
    throw new ToolError(`Command failed with code ${code}: ${command.join(" ")}`);
  }
  return output;
}

function spawn(
  [program = "", ...args]: readonly string[],
  { cwd, env, stderr }: RunOptions & { readonly stderr: "inherit" | "piped" },
): Deno.ChildProcess {
  const options = { args, cwd, env, stdin: "null", stdout: "piped", stderr } as const;
  return new Deno.Command(program, options).spawn();
}

async function collect(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine?: (line: string) => void,
): Promise<string> {
  let output = "";
  let told = 0;
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    output += text;
    for (let end; onLine && (end = output.indexOf("\n", told)) >= 0; told = end + 1) {
      onLine(output.slice(told, end));
    }
  }
  if (onLine && told < output.length) onLine(output.slice(told));
  return output;
}
