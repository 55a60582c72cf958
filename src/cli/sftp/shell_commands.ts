import { type Files, isDirectory, joinPath, longName } from "@alknet/sftp";
import { CliError, ExitCode } from "../errors.ts";
import { columns } from "../terminal.ts";
import { entriesOf, expandGlob } from "./glob.ts";
import { bytesText } from "../bytes_text.ts";
import { printable } from "./printable.ts";
import {
  localPath,
  nameOf,
  remotePath,
  type ShellArguments,
  type ShellCommand,
  type ShellState,
} from "./shell.ts";
import { TRANSFER_COMMANDS } from "./transfer_commands.ts";

/** Every command of `alknet sftp`, by name; several names may stand for one. */
export const SHELL_COMMANDS: ReadonlyMap<string, ShellCommand> = new Map<string, ShellCommand>([
  ["help", {
    usage: "",
    doc: "shows this",
    run: ({ terminal }) => {
      const rows = [...SHELL_COMMANDS].map(([name, { usage, doc }]) => [`${name} ${usage}`, doc]);
      for (const line of columns([["COMMAND", "WHAT IT DOES"], ...rows])) terminal.line(line);
      return Promise.resolve();
    },
  }],
  ["ls", { usage: "[-la] [PATH]", doc: "lists files there", completes: "remote", run: list }],
  ["cd", { usage: "[PATH]", doc: "changes the directory there", completes: "remote", run: cd }],
  ["pwd", {
    usage: "",
    doc: "shows the directory there",
    run: (state) => shown(state, state.remoteDirectory),
  }],
  ["lls", {
    usage: "[-la] [PATH]",
    doc: "lists files here",
    completes: "local",
    run: (state, args) =>
      listing(state, state.local, localPath(state, args.words[0] ?? "."), args.flags),
  }],
  ["lcd", { usage: "[PATH]", doc: "changes the directory here", completes: "local", run: lcd }],
  ["lpwd", {
    usage: "",
    doc: "shows the directory here",
    run: (state) => shown(state, state.localDirectory),
  }],
  ...TRANSFER_COMMANDS,
  ["mkdir", {
    usage: "PATH…",
    doc: "makes directories",
    completes: "remote",
    run: async (state, { words }) => {
      for (const word of atLeast(1, words, "mkdir PATH")) {
        await state.remote.mkdir(remotePath(state, word));
      }
    },
  }],
  ["rmdir", {
    usage: "PATH…",
    doc: "removes empty directories",
    completes: "remote",
    run: async (state, { words }) => {
      for (const word of atLeast(1, words, "rmdir PATH")) {
        await state.remote.rmdir(remotePath(state, word));
      }
    },
  }],
  ["rm", { usage: "[-r] PATH…", doc: "removes files", completes: "remote", run: remove }],
  ["rename", { usage: "FROM TO", doc: "renames, replacing", completes: "remote", run: rename }],
  ["ln", {
    usage: "[-s] TARGET NAME",
    doc: "makes a second name, or a symbolic link",
    completes: "remote",
    run: link,
  }],
  ["chmod", {
    usage: "MODE PATH…",
    doc: "changes permissions, octal",
    completes: "remote",
    run: chmod,
  }],
  ["df", { usage: "[PATH]", doc: "shows how much room there is", completes: "remote", run: df }],
  ["exit", { usage: "", doc: "ends the session; quit and bye do too", run: exit }],
  ["quit", { usage: "", doc: "the same", run: exit }],
  ["bye", { usage: "", doc: "the same", run: exit }],
]);

/** @throws {CliError} When there are fewer words than the usage says. */
export function atLeast(count: number, words: readonly string[], usage: string): readonly string[] {
  if (words.length < count) throw new CliError(`Usage: ${usage}`, ExitCode.Usage);
  return words;
}

function exit(state: ShellState): Promise<void> {
  state.ended = true;
  return Promise.resolve();
}

function shown({ terminal }: ShellState, text: string): Promise<void> {
  terminal.line(printable(text));
  terminal.data(text);
  return Promise.resolve();
}

async function list(state: ShellState, { flags, words }: ShellArguments): Promise<void> {
  for (const word of words.length > 0 ? words : ["."]) {
    for (const path of await expandGlob(state.remote, remotePath(state, word))) {
      await listing(state, state.remote, path, flags);
    }
  }
}

async function listing(
  { terminal }: ShellState,
  files: Files,
  path: string,
  flags: ReadonlySet<string>,
): Promise<void> {
  const stat = await files.stat(path);
  const all = isDirectory(stat) ? await entriesOf(files, path) : [{ name: path, stat }];
  const seen = all.filter(({ name }) => flags.has("a") || !name.startsWith("."))
    .sort((a, b) => a.name < b.name ? -1 : 1);
  terminal.data(seen.map(({ name, stat }) => ({ name, ...stat })));
  const now = Date.now() / 1000;
  for (const { name, stat } of seen) {
    const text = printable(name);
    terminal.line(
      flags.has("l") ? longName(text, stat, now) : text + (isDirectory(stat) ? "/" : ""),
    );
  }
}

async function cd(state: ShellState, { words }: ShellArguments): Promise<void> {
  const path = await state.remote.realpath(remotePath(state, words[0] ?? "/"));
  if (!isDirectory(await state.remote.stat(path))) {
    throw new CliError(`"${path}" is no directory`, ExitCode.Incomplete);
  }
  state.remoteDirectory = path;
}

async function lcd(state: ShellState, { words }: ShellArguments): Promise<void> {
  const path = localPath(state, words[0] ?? "~");
  if (!isDirectory(await state.local.stat(path))) {
    throw new CliError(`"${path}" is no directory`, ExitCode.Incomplete);
  }
  state.localDirectory = path;
}

async function remove(state: ShellState, { flags, words }: ShellArguments): Promise<void> {
  for (const word of atLeast(1, words, "rm [-r] PATH")) {
    for (const path of await expandGlob(state.remote, remotePath(state, word))) {
      const isTree = flags.has("r") && isDirectory(await state.remote.lstat(path));
      if (isTree) await removeTree(state.remote, path);
      else await state.remote.remove(path);
    }
  }
}

async function removeTree(files: Files, path: string): Promise<void> {
  for (const { name, stat } of await entriesOf(files, path)) {
    if (isDirectory(stat)) await removeTree(files, joinPath(path, name));
    else await files.remove(joinPath(path, name));
  }
  await files.rmdir(path);
}

async function rename(state: ShellState, { words }: ShellArguments): Promise<void> {
  const [from = "", to = ""] = atLeast(2, words, "rename FROM TO");
  const goal = remotePath(state, to);
  await state.remote.rename(remotePath(state, from), goal, { replace: true });
}

async function link(state: ShellState, { flags, words }: ShellArguments): Promise<void> {
  const [target = "", name = ""] = atLeast(2, words, "ln [-s] TARGET NAME");
  const path = remotePath(state, name || nameOf(target));
  if (flags.has("s")) await state.remote.symlink(path, target);
  else await state.remote.link(remotePath(state, target), path);
}

async function chmod(state: ShellState, { words }: ShellArguments): Promise<void> {
  const [mode = "", ...paths] = atLeast(2, words, "chmod MODE PATH");
  if (!/^[0-7]{3,4}$/.test(mode)) throw new CliError(`"${mode}" is no octal mode`, ExitCode.Usage);
  for (const word of paths) {
    for (const path of await expandGlob(state.remote, remotePath(state, word))) {
      await state.remote.setstat(path, { mode: parseInt(mode, 8) });
    }
  }
}

async function df(state: ShellState, { words }: ShellArguments): Promise<void> {
  const stat = await state.remote.statvfs(remotePath(state, words[0] ?? "."));
  const { terminal } = state;
  terminal.data(stat);
  const bytes = (blocks: number): string => bytesText(blocks * stat.blockBytes);
  const used = stat.blocks - stat.freeBlocks;
  const row = [bytes(stat.blocks), bytes(used), bytes(stat.availableBlocks)];
  for (const line of columns([["SIZE", "USED", "FREE"], row])) terminal.line(line);
}
