/**
 * OpenSSH's own regression tests of SFTP (Debian's openssh-tests), with our server in the place of
 * sftp-server. Of the tests there, these speak to the server without SSH; the others are in
 * openssh_test.ts. None of these may fail.
 */
import { strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { capture } from "../tools/process.ts";
import { testOrSkip } from "../tools/skip.ts";
import { REGRESS, suiteEnvironment, suiteMissing, writeSftpServer } from "./openssh/suite.ts";

const SCRIPTS = [
  "sftp",
  "sftp-badcmds",
  "sftp-batch",
  "sftp-cmds",
  "sftp-glob",
  "sftp-perm",
  "scp",
];

for (const script of SCRIPTS) {
  testOrSkip(`OpenSSH's ${script}.sh passes with our server`, suiteMissing, async () => {
    const base = await Deno.makeTempDir({ prefix: "alknet-regress-" });
    try {
      const server = join(base, "server");
      await writeSftpServer(server);
      const { code, output } = await capture(
        ["sh", `${REGRESS}/test-exec.sh`, base, `${REGRESS}/${script}.sh`],
        { cwd: REGRESS, env: suiteEnvironment(server, "/bin/true") }, // no sshd is started
      );
      strictEqual(code, 0, output.split("\n").slice(-40).join("\n"));
    } finally {
      await Deno.remove(base, { recursive: true });
    }
  });
}
