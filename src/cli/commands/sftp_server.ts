import { localFiles, serveSession } from "@alknet/sftp";
import { Command } from "commander";
import { StdioStream } from "../stdio_stream.ts";

interface SftpServerOptions {
  readonly root: string;
  readonly umask?: string;
}

/**
 * `alknet sftp-server`: SFTP on standard input and output, where OpenSSH has `sftp-server`. It asks
 * for no scopes: whoever starts it has the files already.
 */
export function sftpServerCommand(): Command {
  return new Command("sftp-server")
    .description(
      "serve a directory by SFTP on standard input and output (for sshd, sftp -D, sshfs)",
    )
    .option("-d, --root <directory>", "the directory; nothing outside of it is served", ".")
    .option("-u, --umask <mask>", "permission bits that new files do not get, octal", "022")
    .action((options: SftpServerOptions) => run(options));
}

async function run({ root, umask = "022" }: SftpServerOptions): Promise<void> {
  const files = await localFiles(root, { umask: parseInt(umask, 8) });
  await serveSession(new StdioStream(), files);
}
