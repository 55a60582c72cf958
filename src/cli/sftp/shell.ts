import { canonicalPath, type SftpClient, splitPath, systemFiles } from "@alknet/sftp";
import { resolve } from "node:path";
import { CliError, ExitCode } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { entriesOf } from "./glob.ts";
import { quoteWord, splitWords } from "./words.ts";

/** What commands of the shell work with. */
export interface ShellState {
  /** The other side's files, and this one's. */
  readonly remote: SftpClient;
  readonly local: ReturnType<typeof systemFiles>;
  readonly terminal: Terminal;
  /** Where relative paths begin there, and here. */
  remoteDirectory: string;
  localDirectory: string;
  /** Set by the command that ends it. */
  ended: boolean;
}

/** One command. */
export interface ShellCommand {
  /** What follows its name. */
  readonly usage: string;
  /** What it does, in a line. */
  readonly doc: string;
  /** Which side's names complete its arguments. */
  readonly completes?: "remote" | "local";
  run(state: ShellState, args: ShellArguments): Promise<void>;
}

/** The words behind a command: single letters from `-abc`, and the rest. */
export interface ShellArguments {
  readonly flags: ReadonlySet<string>;
  readonly words: readonly string[];
}

/** A session in which commands are typed, or read from a file. */
export class Shell {
  readonly state: ShellState;
  readonly #commands: ReadonlyMap<string, ShellCommand>;

  /** Begins in the root there and the current directory here. */
  constructor(
    remote: SftpClient,
    terminal: Terminal,
    commands: ReadonlyMap<string, ShellCommand>,
  ) {
    const local = systemFiles();
    const localDirectory = Deno.cwd();
    this.state = { remote, local, terminal, remoteDirectory: "/", localDirectory, ended: false };
    this.#commands = commands;
  }

  /**
   * Runs one line.
   *
   * @throws {CliError} For a command that does not exist or is used in another way.
   */
  async run(line: string): Promise<void> {
    const [name, ...rest] = splitWords(line);
    if (name === undefined) return;
    const command = this.#commands.get(name);
    if (!command) throw new CliError(`No command "${name}": see "help"`, ExitCode.Usage);
    await command.run(this.state, argumentsOf(rest));
  }

  /** What the last word of a line could be, each with that word, as node:readline has it. */
  async complete(line: string): Promise<[string[], string]> {
    const word = /(?:[^\s\\]|\\.)*$/.exec(line)?.[0] ?? "";
    const before = line.slice(0, line.length - word.length).trim();
    if (before === "") {
      return [[...this.#commands.keys()].filter((name) => name.startsWith(word)), word];
    }
    const side = this.#commands.get(before.split(/\s/)[0] ?? "")?.completes;
    return [side ? await this.#names(side, word) : [], word];
  }

  async #names(side: "remote" | "local", word: string): Promise<string[]> {
    const plain = word.replace(/\\(.)/g, "$1");
    const slash = plain.lastIndexOf("/") + 1;
    const directory = plain.slice(0, slash);
    const { remote, local } = this.state;
    const files = side === "remote" ? remote : local;
    const path = side === "remote"
      ? remotePath(this.state, directory)
      : localPath(this.state, directory);
    const entries = await entriesOf(files, path).catch(() => []);
    return entries
      .filter(({ name }) => name.startsWith(plain.slice(slash)))
      .map(({ name, stat }) => {
        const end = (stat.mode & 0o170000) === 0o040000 ? "/" : "";
        return quoteWord(directory + name) + end;
      });
  }
}

/** A path there, from what was typed. */
export function remotePath({ remoteDirectory }: ShellState, word: string): string {
  return canonicalPath(word.startsWith("/") ? word : `${remoteDirectory}/${word}`);
}

/** A path here, from what was typed. */
export function localPath({ localDirectory }: ShellState, word: string): string {
  return resolve(localDirectory, word.replace(/^~(?=\/|$)/, Deno.env.get("HOME") ?? "~"));
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return splitPath(path).name;
}

function argumentsOf(words: readonly string[]): ShellArguments {
  const flags = new Set<string>();
  let rest = words;
  for (; /^-[A-Za-z]/.test(rest[0] ?? ""); rest = rest.slice(1)) {
    for (const letter of (rest[0] ?? "").slice(1)) flags.add(letter);
  }
  return { flags, words: rest[0] === "--" ? rest.slice(1) : rest };
}
