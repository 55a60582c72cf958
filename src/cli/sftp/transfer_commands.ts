import { copyFile, copyTree, isDirectory, joinPath, type Place, statIfThere } from "@alknet/sftp";
import { CliError, ExitCode } from "../errors.ts";
import { expandGlob } from "./glob.ts";
import { bytesText } from "../bytes_text.ts";
import { Progress, progressScreen } from "./progress.ts";
import {
  localPath,
  nameOf,
  remotePath,
  type ShellArguments,
  type ShellCommand,
  type ShellState,
} from "./shell.ts";

/** Commands that copy, by name. */
export const TRANSFER_COMMANDS: readonly (readonly [string, ShellCommand])[] = [
  ["get", {
    usage: "[-rp] THERE… [HERE]",
    doc: "copies files from there; goes on with a copy that was broken off",
    completes: "remote",
    run: (state, args) => get(state, args, true),
  }],
  ["put", {
    usage: "[-rp] HERE… [THERE]",
    doc: "copies files to there; goes on with a copy that was broken off",
    completes: "local",
    run: (state, args) => put(state, args, true),
  }],
  ["reget", {
    usage: "THERE… [HERE]",
    doc: "the same as get",
    completes: "remote",
    run: (state, args) => get(state, args, true),
  }],
  ["reput", {
    usage: "HERE… [THERE]",
    doc: "the same as put",
    completes: "local",
    run: (state, args) => put(state, args, true),
  }],
];

async function get(state: ShellState, args: ShellArguments, resume: boolean): Promise<void> {
  const { sources, goal } = sidesOf(args.words, "get [-rp] THERE [HERE]");
  const to = { files: state.local, path: localPath(state, goal ?? ".") };
  for (const word of sources) {
    for (const path of await expandGlob(state.remote, remotePath(state, word))) {
      await copy(state, { files: state.remote, path }, to, { ...optionsOf(args), resume });
    }
  }
}

async function put(state: ShellState, args: ShellArguments, resume: boolean): Promise<void> {
  const { sources, goal } = sidesOf(args.words, "put [-rp] HERE [THERE]");
  const to = { files: state.remote, path: remotePath(state, goal ?? ".") };
  for (const word of sources) {
    for (const path of await expandGlob(state.local, localPath(state, word))) {
      await copy(state, { files: state.local, path }, to, { ...optionsOf(args), resume });
    }
  }
}

/** With one word it is a source; of several the last says where to. */
function sidesOf(
  words: readonly string[],
  usage: string,
): { readonly sources: readonly string[]; readonly goal?: string } {
  if (words.length === 0) throw new CliError(`Usage: ${usage}`, ExitCode.Usage);
  return words.length === 1
    ? { sources: words }
    : { sources: words.slice(0, -1), goal: words.at(-1) };
}

interface TransferOptions {
  readonly recursive: boolean;
  readonly preserve: boolean;
  readonly resume: boolean;
}

function optionsOf({ flags }: ShellArguments): Omit<TransferOptions, "resume"> {
  return { recursive: flags.has("r") || flags.has("R"), preserve: flags.has("p") };
}

async function copy(
  { terminal }: ShellState,
  source: Place,
  goal: Place,
  { recursive, preserve, resume }: TransferOptions,
): Promise<void> {
  const stat = await source.files.stat(source.path);
  const name = nameOf(source.path);
  const there = await statIfThere(goal.files, goal.path);
  const path = there && isDirectory(there) ? joinPath(goal.path, name) : goal.path;
  const to = { files: goal.files, path };
  using progress = new Progress(terminal.json ? undefined : progressScreen());
  progress.begin(name, isDirectory(stat) ? undefined : stat.size);
  const options = { preserve, resume, onBytes: progress.add };
  if (!isDirectory(stat)) await copyFile(source, to, { ...options, stat });
  else if (!recursive) throw new CliError(`"${name}" is a directory: use -r`, ExitCode.Usage);
  else await copyAll(source, to, options);
  progress.finish();
  terminal.line(`${name}: ${bytesText(stat.size)}`);
}

async function copyAll(
  source: Place,
  to: Place,
  options: Parameters<typeof copyTree>[2],
): Promise<void> {
  const { failures: [first, ...more] } = await copyTree(source, to, options);
  if (!first) return;
  const others = more.length > 0 ? `, and ${more.length} others` : "";
  throw new CliError(`${first.path}: ${first.error.message}${others}`, ExitCode.Incomplete);
}
