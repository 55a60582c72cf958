/**
 * OpenSSH's own regression tests of SFTP (Debian's openssh-tests), with our server in the place of
 * sftp-server. Of the tests there, these speak to the server without SSH; sftp-chroot and sftp-uri
 * need an sshd and belong to the tests of the SSH handler. None of these may fail.
 */
import { strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { capture } from "../tools/process.ts";
import { missing, missingFile, testOrSkip } from "../tools/skip.ts";

const REGRESS = "/usr/lib/openssh/regress";
const SCRIPTS = [
  "sftp",
  "sftp-badcmds",
  "sftp-batch",
  "sftp-cmds",
  "sftp-glob",
  "sftp-perm",
  "scp",
];

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const reason = missingFile(`${REGRESS}/test-exec.sh`) ?? missing("sftp") ?? missing("scp");

for (const script of SCRIPTS) {
  testOrSkip(`OpenSSH's ${script}.sh passes with our server`, reason, async () => {
    const base = await Deno.makeTempDir({ prefix: "alknet-regress-" });
    try {
      const server = join(base, "server");
      const words = [Deno.execPath(), "run", "-A", "--no-check", "--unstable-net", MAIN];
      const command = [...words, "sftp-server", "-d", "/"].map((word) => `'${word}'`).join(" ");
      await Deno.writeTextFile(server, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
      const { code, output } = await capture(
        ["sh", `${REGRESS}/test-exec.sh`, base, `${REGRESS}/${script}.sh`],
        { cwd: REGRESS, env: environment(server) },
      );
      strictEqual(code, 0, output.split("\n").slice(-40).join("\n"));
    } finally {
      await Deno.remove(base, { recursive: true });
    }
  });
}

/** The suite takes programs from here, and wants an sshd that it does not start in these tests. */
function environment(server: string): Record<string, string> {
  const programs = ["ssh", "scp", "sftp", "ssh-keygen", "ssh-add", "ssh-agent", "ssh-keyscan"];
  const named = programs.map((program) => [
    `TEST_SSH_${program.replace("-", "").toUpperCase()}`,
    `/usr/bin/${program}`,
  ]);
  return {
    ...Object.fromEntries(named),
    TEST_SHELL: "sh",
    TEST_SSH_SSHD: "/bin/true",
    TEST_SSH_SFTPSERVER: server,
    TEST_SSH_UNSAFE_PERMISSIONS: "1",
    SUDO: "",
    NO_COLOR: "1",
  };
}
