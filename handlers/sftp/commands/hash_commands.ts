import { createHash } from "node:crypto";
import type { CommandIo, CommandService, Stream, StreamContext } from "@alknet/core";

import { type FileBackend, READ_MODE } from "../backend.ts";
import { hashRange } from "../server/check_file.ts";
import { SessionCounts } from "../server/session_counts.ts";
import { MAX_SESSIONS_PER_IDENTITY, type SftpOptions } from "../sftp.ts";
import { SftpError } from "../sftp_error.ts";
import { canonicalPath } from "../virtual_path.ts";
import { shellWords } from "./shell_words.ts";

/** Algorithms of node:crypto by the programs of coreutils that print them. */
const PROGRAMS: ReadonlyMap<string, string> = new Map([
  ["md5sum", "md5"],
  ["sha1sum", "sha1"],
  ["sha224sum", "sha224"],
  ["sha256sum", "sha256"],
  ["sha384sum", "sha384"],
  ["sha512sum", "sha512"],
]);
const BUFFER_BYTES = 65_536;
const Code = { Fine: 0, Failed: 1, Refused: 77 } as const;
const encoder = new TextEncoder();

/**
 * `md5sum`, `sha1sum` and the like over the files that SFTP serves, under their names there: how
 * rclone and others compare files over SSH, without a program, a shell or a hash of any other file.
 *
 * @param options As of `sftpService()`: the same files, and as many at a time.
 * @returns Takes lines such as `sha256sum 'a file' other`; standard input where no file is named.
 *
 * @example
 * ```ts
 * import { hashCommands, memoryFiles } from "@alknet/sftp";
 * import { strictEqual } from "node:assert/strict";
 *
 * const commands = hashCommands({ files: () => memoryFiles() });
 * strictEqual(typeof commands("md5sum /docs/a\\ file"), "function");
 * strictEqual(commands("md5sum *; id"), undefined);
 * ```
 */
export function hashCommands(
  { files, maxSessionsPerIdentity = MAX_SESSIONS_PER_IDENTITY }: Pick<
    SftpOptions,
    "files" | "maxSessionsPerIdentity"
  >,
): CommandService {
  const counts = new SessionCounts(maxSessionsPerIdentity);
  return (line) => {
    const [program = "", ...names] = shellWords(line) ?? [];
    const algorithm = PROGRAMS.get(program);
    if (algorithm === undefined || names.some((name) => /^-./.test(name))) return undefined;
    return async (io, context) => {
      using place = counts.enter(context.identity);
      const backend = place && await files(context);
      if (!backend) return Code.Refused;
      const run = { program, algorithm, backend, io, context };
      let code: number = Code.Fine;
      for (const name of names.length > 0 ? names : ["-"]) {
        if (!await printHash(name, run)) code = Code.Failed;
      }
      return code;
    };
  };
}

interface Run {
  readonly program: string;
  readonly algorithm: string;
  readonly backend: FileBackend;
  readonly io: CommandIo;
  readonly context: StreamContext;
}

async function printHash(name: string, run: Run): Promise<boolean> {
  const { program, algorithm, io } = run;
  try {
    const hash = name === "-" ? await hashOf(io.stream, algorithm) : await hashOfFile(name, run);
    await io.stream.write(encoder.encode(hashLine(hash, name)));
    return true;
  } catch (error) {
    if (!(error instanceof SftpError)) throw error;
    await io.writeError(encoder.encode(`${program}: ${shown(name)}: ${error.message}\n`));
    return false;
  }
}

async function hashOfFile(name: string, { algorithm, backend, context }: Run): Promise<Uint8Array> {
  const file = await backend.open(canonicalPath(name), READ_MODE);
  try {
    return await hashRange(file, algorithm, 0, (await file.stat()).size, context.signal);
  } finally {
    await file.close();
  }
}

async function hashOf(stream: Stream, algorithm: string): Promise<Uint8Array> {
  const hash = createHash(algorithm);
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let count = await stream.read(buffer); count !== null; count = await stream.read(buffer)) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest();
}

/** As coreutils write it: a backslash in front says that the name is written with backslashes. */
function hashLine(hash: Uint8Array, name: string): string {
  const written = shown(name);
  return `${written === name ? "" : "\\"}${hash.toHex()}  ${written}\n`;
}

function shown(name: string): string {
  return name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}
