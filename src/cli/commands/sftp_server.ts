import {
  guardedFiles,
  localFiles,
  REQUEST_NAMES,
  type RequestPolicy,
  serveSession,
} from "@alknet/sftp";
import { Command } from "commander";
import { CliError, ExitCode } from "../errors.ts";
import { StdioStream } from "../stdio_stream.ts";

interface SftpServerOptions {
  readonly root: string;
  readonly umask: string;
  readonly readOnly?: boolean;
  readonly allow?: string;
  readonly deny?: string;
}

/**
 * `alknet sftp-server`: SFTP on standard input and output, where OpenSSH has `sftp-server`, with
 * the options of that. It asks for no scopes: whoever starts it has the files already.
 */
export function sftpServerCommand(): Command {
  return new Command("sftp-server")
    .description(
      "serve a directory by SFTP on standard input and output (for sshd, sftp -D, sshfs)",
    )
    .option("-d, --root <directory>", "the directory; nothing outside of it is served", ".")
    .option("-u, --umask <mask>", "permission bits that new files do not get, octal", "022")
    .option("-R, --read-only", "let nothing be changed")
    .option("-p, --allow <requests>", "carry out only these requests, with commas in between")
    .option("-P, --deny <requests>", "do not carry out these requests")
    .allowExcessArguments() // scp -D gives it the host and the subsystem, as to an ssh
    .option("-e", "accepted, as sftp-server has it; nothing is logged")
    .option("-l <level>", "accepted, as sftp-server has it; nothing is logged")
    .action((options: SftpServerOptions) => run(options));
}

async function run(options: SftpServerOptions): Promise<void> {
  const { root, umask, readOnly, allow, deny } = options;
  if (!/^[0-7]{1,4}$/.test(umask)) throw new CliError("--umask must be octal", ExitCode.Usage);
  const requests: RequestPolicy = { allowed: namesIn(allow), denied: namesIn(deny) };
  const files = await localFiles(root, { umask: parseInt(umask, 8) });
  const served = readOnly ? guardedFiles(files, { read: true, write: false }) : files;
  await serveSession(new StdioStream(), served, { requests });
}

function namesIn(list: string | undefined): readonly string[] | undefined {
  const names = list?.split(",").filter((name) => name !== "");
  const unknown = names?.find((name) => !REQUEST_NAMES.has(name));
  if (unknown !== undefined) throw new CliError(`No request "${unknown}"`, ExitCode.Usage);
  return names;
}
