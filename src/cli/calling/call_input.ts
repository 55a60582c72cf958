import { CliError, ExitCode } from "../errors.ts";

/** Longest input taken from a file or standard input, in bytes. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

/** A key, perhaps `[]`, then `:=` for JSON or `=` for text. */
const PAIR = /^([^=:[\]@\s][^=:[\]\s]*)(\[\])?(:?=)([^]*)$/;

/** Where texts come from; a seam between this and the process. */
export interface InputSources {
  readFile(path: string): Promise<Uint8Array>;
  readStdin(): AsyncIterable<Uint8Array>;
}

/** The files and standard input of this process. */
export const PROCESS_INPUT: InputSources = {
  readFile: (path) => Deno.readFile(path),
  readStdin: () => Deno.stdin.readable,
};

/**
 * Reads the input of an operation from the command line: JSON, `-` for JSON on standard input,
 * `@file` for JSON in a file, or pairs that make an object: `key=text`, `key:=json`, `key=@file` and
 * `key:=@file` with a file's content, `key[]=…` and `key[]:=…` once for each item of a list.
 *
 * @returns An empty object where there are no arguments.
 * @throws {CliError} For anything else.
 */
export async function callInput(
  args: readonly string[],
  sources: InputSources = PROCESS_INPUT,
): Promise<unknown> {
  const [only = ""] = args;
  if (args.length === 0) return {};
  const isPairs = args.length > 1 || (PAIR.test(only) && !isJson(only));
  if (!isPairs) return await wholeInput(only, sources);
  const entries = new Map<string, unknown>();
  for (const arg of args) {
    const pair = await readPair(arg, sources);
    const before = entries.get(pair.key);
    if (before !== undefined && !(pair.append && Array.isArray(before))) {
      throw new CliError(`"${pair.key}" is given twice: for a list write ${pair.key}[]=`, 2);
    }
    const list = Array.isArray(before) ? before : [];
    entries.set(pair.key, pair.append ? [...list, pair.value] : pair.value);
  }
  return Object.fromEntries(entries);
}

async function wholeInput(arg: string, sources: InputSources): Promise<unknown> {
  if (arg === "-") return parseJson(await textOf(sources.readStdin()), "Standard input");
  if (arg.startsWith("@")) return parseJson(await fileText(arg.slice(1), sources), `"${arg}"`);
  try {
    return JSON.parse(arg);
  } catch (cause) {
    throw new CliError(
      `The input "${arg.slice(0, 60)}" is neither JSON, nor key=text or key:=json, nor @file or -`,
      ExitCode.Usage,
      { cause },
    );
  }
}

/** JSON may look like a pair: `{"a=b":1}`. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // which is what was asked
  }
}

interface Pair {
  readonly key: string;
  readonly append: boolean;
  readonly value: unknown;
}

async function readPair(arg: string, sources: InputSources): Promise<Pair> {
  const [, key = "", list, operator = "", given = ""] = PAIR.exec(arg) ?? [];
  if (key === "") {
    throw new CliError(`"${arg.slice(0, 60)}" is not key=text or key:=json`, ExitCode.Usage);
  }
  const text = given.startsWith("@") ? await fileText(given.slice(1), sources) : given;
  const value = operator === ":=" ? parseJson(text, `The value of "${key}"`) : text;
  return { key, append: list !== undefined, value };
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError(`${what} is not JSON`, ExitCode.Usage, { cause });
  }
}

async function fileText(path: string, { readFile }: InputSources): Promise<string> {
  const bytes = await readFile(path).catch((cause) => {
    throw new CliError(`Cannot read "${path}"`, ExitCode.Usage, { cause });
  });
  if (bytes.length > MAX_INPUT_BYTES) throw tooLong();
  return decode(bytes);
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > MAX_INPUT_BYTES) throw tooLong();
    all.push(chunk);
  }
  return decode(new Uint8Array(await new Blob(all as BlobPart[]).arrayBuffer()));
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CliError("The input is not UTF-8", ExitCode.Usage, { cause });
  }
}

function tooLong(): CliError {
  return new CliError(`The input has more than ${MAX_INPUT_BYTES} bytes`, ExitCode.Usage);
}
