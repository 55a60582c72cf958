import { join } from "node:path";

import { freePort } from "../../tools/free_port.ts";
import { capture } from "../../tools/process.ts";
import { ROOT } from "../../tools/root.ts";
import { missing, missingFile } from "../../tools/skip.ts";

/** Where Debian's openssh-tests puts OpenSSH's regression tests, built. */
export const REGRESS = "/usr/lib/openssh/regress";

/** The reason why the suite cannot be run, if there is one. */
export const suiteMissing: string | undefined = missingFile(`${REGRESS}/test-exec.sh`) ??
  missing("ssh") ?? missing("sftp") ?? missing("scp") ?? missing("timeout");

const SHIM = join(ROOT, "tests/conformance/openssh/sshd.ts");
const CLI = join(ROOT, "src/cli/main.ts");
const KILL_AFTER_S = 5;

/** Environment of the suite's `test-exec.sh`: which programs it tests. */
export function suiteEnvironment(sftpServer: string, sshd: string): Record<string, string> {
  const programs = ["ssh", "scp", "sftp", "ssh-keygen", "ssh-add", "ssh-agent", "ssh-keyscan"];
  const named = programs.map((program) => [
    `TEST_SSH_${program.replace("-", "").toUpperCase()}`,
    `/usr/bin/${program}`,
  ]);
  return {
    ...Object.fromEntries(named),
    TEST_SHELL: "sh",
    TEST_SSH_SSHD: sshd,
    TEST_SSH_SFTPSERVER: sftpServer,
    TEST_SSH_UNSAFE_PERMISSIONS: "1",
    SUDO: "",
    NO_COLOR: "1",
  };
}

/** Writes a program that the suite can start in the place of OpenSSH's sftp-server. */
export async function writeSftpServer(path: string): Promise<void> {
  await writeProgram(path, [CLI, "sftp-server", "-d", "/"]);
}

/** How one script of the suite ended. */
export interface ScriptResult {
  /** What it called failures, each once, sorted. */
  readonly failures: readonly string[];
  /** What it left out, and why. */
  readonly skips: readonly string[];
  /** Everything it printed. */
  readonly output: string;
}

/** A copy of the suite, as it writes where it runs; keys it has made serve the next script too. */
export class SuiteCopy implements AsyncDisposable {
  readonly #dir: string;
  readonly #env: Record<string, string>;

  private constructor(dir: string) {
    this.#dir = dir;
    this.#env = {
      ...suiteEnvironment(join(dir, "our-sftp-server"), join(dir, "our-sshd")),
      BUILDDIR: dir,
      OBJ: dir,
      TEST_SSH_PORT: String(freePort()),
      TEST_SSH_PLINK: "plink",
      TEST_SSH_PUTTYGEN: "puttygen",
    };
  }

  /** Makes one. */
  static async make(): Promise<SuiteCopy> {
    const parent = await Deno.makeTempDir({ prefix: "alknet-regress-" });
    const dir = join(parent, "regress");
    await capture(["cp", "-a", REGRESS, dir]);
    await writeSftpServer(join(dir, "our-sftp-server"));
    await writeProgram(join(dir, "our-sshd"), [SHIM]);
    return new SuiteCopy(dir);
  }

  /** Runs one script to its end, or to the end of its time. */
  async run(script: string, timeoutMs: number): Promise<ScriptResult> {
    const log = join(this.#dir, "failed-regress.log");
    await Deno.remove(log).catch(ignoreAbsent);
    const line = ["timeout", "-k", `${KILL_AFTER_S}`, `${timeoutMs / 1_000}`];
    const { code, output } = await capture(
      [...line, "sh", join(this.#dir, "test-exec.sh"), this.#dir, join(this.#dir, `${script}.sh`)],
      { cwd: this.#dir, env: this.#env },
    );
    await this.#stopServer();
    const told = await Deno.readTextFile(log).catch(ignoreAbsent) ?? "";
    const failures = new Set(
      [...told.matchAll(/^FAIL: (.*)$/gm)].map(([, text = ""]) => text.trim()),
    );
    if (code !== 0 && failures.size === 0) failures.add(`ended with code ${code}`);
    const skips = [...output.matchAll(/^SKIPPED: (.*)$/gm)].map(([, text = ""]) => text);
    return { failures: [...failures].sort(), skips, output };
  }

  /** A script that gave up leaves its server behind. */
  async #stopServer(): Promise<void> {
    const pid = await Deno.readTextFile(join(this.#dir, "pidfile")).catch(ignoreAbsent);
    if (pid !== undefined) Deno.kill(Number(pid), "SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(join(this.#dir, ".."), { recursive: true });
  }
}

async function writeProgram(path: string, args: readonly string[]): Promise<void> {
  const words = [Deno.execPath(), "run", "-A", "--no-check", "--unstable-net", ...args];
  const command = words.map((word) => `'${word}'`).join(" ");
  await Deno.writeTextFile(path, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
}

function ignoreAbsent(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
