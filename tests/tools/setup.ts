/** Installs the programs that tests talk to, where that is possible. `deno task setup` */
import { missing, missingFile } from "./programs.ts";
import { capture } from "./process.ts";
import { paint, printLine } from "./terminal.ts";

/** Debian packages the tests use, by one program of each, or by a file where they have none. */
const PACKAGES: Readonly<Record<string, string>> = {
  "curl": "curl",
  "openssl": "openssl",
  "openssh-client": "ssh",
  "rsync": "rsync",
  "git": "git",
  "dropbear-bin": "dbclient",
  "putty-tools": "plink",
  "ssh-audit": "ssh-audit",
  "python3-paramiko": "/usr/lib/python3/dist-packages/paramiko/__init__.py",
  "python3-asyncssh": "/usr/lib/python3/dist-packages/asyncssh/__init__.py",
  "ngtcp2-client": "gtlsclient",
  "nghttp2-client": "h2load",
  "nginx-light": "nginx",
  "chromium": "chromium",
  "firefox-esr": "firefox-esr",
  "iproute2": "ip",
  "tmux": "tmux",
  "faketime": "faketime",
  "nats-server": "nats-server",
  "pebble": "pebble",
  // The server itself is not in PATH; this is what comes with it and not with the client.
  "postgresql": "pg_createcluster",
  "openssh-sftp-server": "/usr/lib/openssh/sftp-server",
  "openssh-server": "/usr/sbin/sshd",
  "openssh-tests": "/usr/lib/openssh/regress/test-exec.sh",
  "sshfs": "sshfs",
  "lftp": "lftp",
  "rclone": "rclone",
};

const LIMITS = ["DPkg::Lock::Timeout=120", "Acquire::http::Timeout=20", "Acquire::Retries=1"];
const APT = ["apt-get", "-q", "-y", ...LIMITS.flatMap((limit) => ["-o", limit])];

async function setUp(): Promise<void> {
  const wanted = absent();
  if (wanted.length > 0 && canInstall()) await install(wanted);
  const left = absent();
  if (left.length === 0) return printLine("setup: every program the tests use is here");
  printLine(paint("yellow", `setup: missing: ${left.join(", ")}; tests that use them are skipped`));
}

function absent(): string[] {
  return Object.entries(PACKAGES).filter(([, sign]) => isAbsent(sign)).map(([name]) => name);
}

function isAbsent(sign: string): boolean {
  return sign.startsWith("/") ? missingFile(sign) !== undefined : missing(sign) !== undefined;
}

function canInstall(): boolean {
  return Deno.uid() === 0 && missing("apt-get") === undefined;
}

/** Tries all at once, then with fresh lists, then one by one for the sake of those that exist. */
async function install(names: readonly string[]): Promise<void> {
  printLine(`setup: installing ${names.join(", ")}`);
  if (await apt("install", "--no-install-recommends", ...names)) return;
  if (!await apt("update")) return;
  if (await apt("install", "--no-install-recommends", ...names)) return;
  for (const name of names) await apt("install", "--no-install-recommends", name);
}

async function apt(...args: string[]): Promise<boolean> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const { code, output } = await capture([...APT, ...args], { env });
  if (code !== 0) printLine(`setup: apt-get ${args[0]} failed: ${lastLine(output)}`);
  return code === 0;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

if (import.meta.main) await setUp();
