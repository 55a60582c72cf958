import {
  canonicalPath,
  copyFile,
  type CopyResult,
  copyTree,
  type CopyTreeOptions,
  type FileStat,
  isDirectory,
  joinPath,
  type Place,
  SftpError,
  splitPath,
  statIfThere,
  systemFiles,
} from "@alknet/sftp";
import { Command } from "commander";
import { resolve } from "node:path";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { type DialCommandOptions, withDialOptions } from "../dialling.ts";
import { CliError, ExitCode } from "../errors.ts";
import { exitCodeOf } from "../exit_code_of.ts";
import type { Paths } from "../paths.ts";
import { connectFiles, type RemoteFiles } from "../sftp/connect_files.ts";
import { bytesText } from "../bytes_text.ts";
import { Progress, progressScreen } from "../sftp/progress.ts";
import { printable } from "../sftp/printable.ts";
import { type FileLocation, parseLocation } from "../sftp/remote_path.ts";

interface CpOptions extends DialCommandOptions {
  readonly recursive?: boolean;
  readonly preserve?: boolean;
  readonly jobs: number;
  readonly checksum?: boolean;
  readonly resume: boolean;
  readonly quiet?: boolean;
}

const MAX_JOBS = 64;

/** `alknet cp`: copies files from and to nodes. */
export function cpCommand(): Command {
  const command = new Command("cp")
    .description("copy files from, to and between nodes; a broken-off copy is gone on with")
    .argument("<paths...>", "sources, then where to: PEER:PATH or a path of this machine")
    .option("-r, --recursive", "copy directories with all that is in them")
    .option("-p, --preserve", "give copies the times and permissions of their sources")
    .option("-j, --jobs <n>", "files under way at a time", Number, 16)
    .option("--checksum", "compare hashes of sources and copies afterwards")
    .option("--resume", "go on where an earlier copy was broken off (default)", true)
    .option("--no-resume", "begin anew")
    .option("-q, --quiet", "show no progress");
  return withVaultOptions(withDialOptions(command)).action(
    (paths: string[], options: CpOptions, self: Command) => cp(paths, options, contextOf(self)),
  );
}

async function cp(texts: string[], options: CpOptions, context: CommandContext): Promise<void> {
  const locations = texts.map((text) => parseLocation(text));
  const goal = locations.pop();
  if (!goal || locations.length === 0) {
    throw new CliError("Say what to copy, and where to", ExitCode.Usage);
  }
  if (!Number.isInteger(options.jobs) || options.jobs < 1 || options.jobs > MAX_JOBS) {
    throw new CliError(`--jobs must be between 1 and ${MAX_JOBS}`, ExitCode.Usage);
  }
  if (![...locations, goal].some(({ target }) => target)) {
    throw new CliError("One side must be on a node, as PEER:PATH", ExitCode.Usage);
  }
  await using places = new Places(context.paths, options);
  const to = await places.at(goal);
  const copier = new Copier(options, context, into(goal, to, locations.length));
  const results: CopyResult[] = [];
  for (const [index, location] of locations.entries()) {
    const source = await places.at(location);
    results.push(await copier.copy(source).catch((error) => explain(texts[index] ?? "", error)));
  }
  report(results, context);
}

/** Says which path it was about, where the error does not. */
function explain(text: string, error: unknown): never {
  if (!(error instanceof SftpError)) throw error;
  throw new CliError(`${printable(text)}: ${error.message}`, exitCodeOf(error), { cause: error });
}

/** Opens each node once, however many paths name it. */
class Places implements AsyncDisposable {
  readonly #paths: Paths;
  readonly #options: CpOptions;
  readonly #nodes = new Map<string, Promise<RemoteFiles>>();

  constructor(paths: Paths, options: CpOptions) {
    this.#paths = paths;
    this.#options = options;
  }

  async at({ target, path }: FileLocation): Promise<Place> {
    if (target === undefined) return { files: systemFiles(), path: resolve(path) };
    const connecting = this.#nodes.get(target) ?? connectFiles(this.#paths, target, this.#options);
    this.#nodes.set(target, connecting);
    const { files } = await connecting;
    return { files, path: canonicalPath(path) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connecting of this.#nodes.values()) {
      const node = await connecting.catch(() => undefined); // whoever asked for it was told
      await node?.[Symbol.asyncDispose]();
    }
  }
}

/** Where a source goes: into the goal if that is a directory, else to its place. */
type Goal = (source: Place) => Promise<Place>;

function into(location: FileLocation, goal: Place, sources: number): Goal {
  return async (source) => {
    const { name } = splitPath(source.path);
    const inside = { files: goal.files, path: joinPath(goal.path, name) };
    if (isDirectory(await statIfThere(goal.files, goal.path) ?? NOTHING)) {
      return name ? inside : goal;
    }
    if (location.path.endsWith("/") || sources > 1) {
      throw new CliError(`"${location.path}" is no directory`, ExitCode.Usage);
    }
    return goal;
  };
}

class Copier {
  readonly #options: CpOptions;
  readonly #context: CommandContext;
  readonly #goal: Goal;

  constructor(options: CpOptions, context: CommandContext, goal: Goal) {
    this.#options = options;
    this.#context = context;
    this.#goal = goal;
  }

  async copy(source: Place): Promise<CopyResult> {
    const stat = await source.files.stat(source.path);
    const to = await this.#goal(source);
    const quiet = this.#options.quiet || this.#context.terminal.json;
    using progress = new Progress(quiet ? undefined : progressScreen());
    const { name } = splitPath(source.path);
    progress.begin(name, isDirectory(stat) ? undefined : stat.size);
    const options: CopyTreeOptions = {
      preserve: this.#options.preserve,
      resume: this.#options.resume,
      verify: this.#options.checksum,
      jobs: this.#options.jobs,
      onBytes: progress.add,
      onFile: (path) => progress.relabel(path),
    };
    const result = isDirectory(stat)
      ? await this.#tree(source, to, options)
      : await oneFile(source, to, stat, options);
    progress.relabel(name);
    progress.finish();
    return result;
  }

  async #tree(source: Place, to: Place, options: CopyTreeOptions): Promise<CopyResult> {
    if (!this.#options.recursive) {
      throw new CliError(`"${source.path}" is a directory: copy it with -r`, ExitCode.Usage);
    }
    return await copyTree(source, to, options);
  }
}

async function oneFile(
  source: Place,
  to: Place,
  stat: FileStat,
  options: CopyTreeOptions,
): Promise<CopyResult> {
  await copyFile(source, to, { ...options, stat });
  return { files: 1, bytes: stat.size, failures: [] };
}

/** Says what came of it; fails if something was left out. */
function report(results: readonly CopyResult[], { terminal }: CommandContext): void {
  const failures = results.flatMap((result) => result.failures);
  const files = results.reduce((sum, result) => sum + result.files, 0);
  const bytes = results.reduce((sum, result) => sum + result.bytes, 0);
  const failed = failures.map(({ path, error }) => ({ path, problem: error.message }));
  for (const { path, problem } of failed) {
    terminal.note(`alknet: ${printable(path)}: ${problem}`);
  }
  terminal.data({ files, bytes, failures: failed });
  terminal.line(`${files} ${files === 1 ? "file" : "files"}, ${bytesText(bytes)}`);
  if (failures.length === 0) return;
  throw new CliError(`${failures.length} could not be copied`, ExitCode.Incomplete);
}

const NOTHING = { mode: 0 };
