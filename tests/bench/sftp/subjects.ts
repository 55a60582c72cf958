import { dial } from "@alknet/client";
import { type Connection, generateNodeKey, keyFingerprint, type NodeKey } from "@alknet/core";
import {
  ALPN,
  connectSftp,
  copyFile,
  copyTree,
  type Files,
  type SftpClient,
  systemFiles,
} from "@alknet/sftp";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { median } from "../core/compare.ts";
import type { Place } from "./workload.ts";

/** What is measured. */
export const TASKS = ["put 1 file", "get 1 file", "put many files", "get many files"] as const;

export type Task = typeof TASKS[number];

/** Seconds a task took, and CPU seconds of the server. */
export interface Sample {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** A server and a client of it. */
export interface Subject extends AsyncDisposable {
  readonly name: string;
  run(task: Task, place: Place): Promise<Sample>;
}

const TICK_SECONDS = 0.01;
const CLI = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const OPENSSH = "/usr/lib/openssh/sftp-server";

const BATCH: Readonly<Record<Task, (here: string) => string>> = {
  "put 1 file": (here) => `put ${here}/big big`,
  "get 1 file": (here) => `get big ${here}/big-back`,
  "put many files": (here) => `put -R ${here}/small small`,
  "get many files": (here) => `get -R small ${here}/small-back`,
};

/** OpenSSH's client with a server it starts itself; the start of the server counts. */
export async function stdioSubjects(place: Place): Promise<Subject[]> {
  const ours = [Deno.execPath(), "run", "-A", "--no-check", "--unstable-net", CLI];
  const sshd = await sshdCommand(place);
  return await Promise.all([
    stdioSubject("sftp-server", [OPENSSH], place),
    ...(sshd ? [stdioSubject("sshd", sshd.command, place, sshd.options)] : []),
    stdioSubject("ours, sftp -D", [...ours, "sftp-server", "-d", place.root], place),
  ]);
}

/** OpenSSH's own server with encryption, on standard input and output: `sshd -i`. */
async function sshdCommand(
  { here, root }: Place,
): Promise<{ command: readonly string[]; options: readonly string[] } | undefined> {
  const sshd = "/usr/sbin/sshd";
  if (Deno.uid() !== 0 || !await Deno.stat(sshd).catch(() => undefined)) return undefined;
  const key = await sshKey(here);
  const config = join(here, "sshd_config");
  await Deno.mkdir("/run/sshd", { recursive: true }); // for its separation of privileges
  const settings = [
    `HostKey ${key}`,
    `AuthorizedKeysFile ${key}.pub`,
    "PermitRootLogin yes",
    "StrictModes no",
    "UsePAM no",
    `Subsystem sftp ${OPENSSH} -d ${root}`,
  ];
  await Deno.writeTextFile(config, `${settings.join("\n")}\n`);
  return { command: [sshd, "-i", "-f", config], options: clientOptions(key) };
}

/** The path of a private key, made once. */
async function sshKey(here: string): Promise<string> {
  const key = join(here, "key");
  if (await Deno.stat(key).catch(() => undefined)) return key;
  const args = ["-q", "-t", "ed25519", "-N", "", "-f", key];
  const made = await new Deno.Command("ssh-keygen", { args }).output();
  if (!made.success) throw new TypeError(new TextDecoder().decode(made.stderr));
  return key;
}

function clientOptions(key: string): string[] {
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];
  return ["-i", key, ...options.flatMap((option) => ["-o", option])];
}

/** OpenSSH's client with our server within SSH, on a plain port. */
export async function sshSubject(place: Place): Promise<Subject> {
  const key = await sshKey(place.here);
  const blob = (await Deno.readTextFile(`${key}.pub`)).split(" ")[1] ?? "";
  const { child, reach } = await startNode(place.root, await generateNodeKey(), blob);
  return {
    name: "ours over ssh",
    run: async (task) => {
      const cpuBefore = cpuSeconds(child.pid);
      const options = [...clientOptions(key), "-P", String(reach.sshPort)];
      const seconds = await runBatch(task, place, [...options, "bench@127.0.0.1"]);
      return { seconds, cpuSeconds: cpuSeconds(child.pid) - cpuBefore };
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** Runs OpenSSH's client; `server` is what leads to one, and may end with its name. */
async function runBatch(task: Task, { here }: Place, server: readonly string[]): Promise<number> {
  const batch = join(here, "batch");
  await Deno.writeTextFile(batch, `${BATCH[task](here)}\n`);
  const begun = performance.now();
  const sftp = new Deno.Command("sftp", { args: ["-q", "-b", batch, ...server], stdout: "null" });
  const { success, stderr } = await sftp.output();
  if (!success) throw new TypeError(new TextDecoder().decode(stderr));
  return (performance.now() - begun) / 1000;
}

/** bash tells how much time its children have taken; exec would lose that. */
async function stdioSubject(
  name: string,
  command: readonly string[],
  { root, here }: Place,
  sshOptions?: readonly string[],
): Promise<Subject> {
  const times = join(here, `${name}.times`);
  const program = join(here, `${name.replaceAll(/\W/g, "-")}.sh`);
  const words = command.map((word) => `'${word}'`).join(" ");
  const script = `#!/bin/bash\ncd '${root}'\nTIMEFORMAT='%U %S'\n` +
    `{ time ${words} 2>/dev/null; } 2>'${times}'\n`;
  await Deno.writeTextFile(program, script, { mode: 0o755 });
  const run = async (task: Task, place: Place): Promise<Sample> => {
    const server = sshOptions
      ? [...sshOptions, "-o", `ProxyCommand=${program}`, "root@bench"]
      : ["-D", program];
    const seconds = await runBatch(task, place, server);
    return { seconds, cpuSeconds: await cpuIn(times) };
  };
  return { name, run, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** ssh kills what it started before bash can tell about sshd: nothing is known then. */
async function cpuIn(times: string): Promise<number> {
  const text = (await Deno.readTextFile(times)).trim();
  if (text === "") return NaN;
  return text.split(/\s+/).slice(-2).map(Number).reduce((sum, each) => sum + each, 0);
}

/** Our server and our client, over a transport of ours. */
export async function nodeSubject(transport: "quic" | "tls", place: Place): Promise<Subject> {
  const key = await generateNodeKey();
  const { child, reach } = await startNode(place.root, key);
  const conn: Connection = await dial(`${reach.nodeId}@127.0.0.1:${reach.port}`, {
    alpn: ALPN,
    identity: key,
    transports: [transport],
  });
  const client = await connectSftp(await conn.openStream());
  const here = systemFiles();
  return {
    name: `ours over ${transport}`,
    run: async (task, { here: directory }) => {
      const cpuBefore = cpuSeconds(child.pid);
      const begun = performance.now();
      await runTask(task, here, directory, client);
      const seconds = (performance.now() - begun) / 1000;
      return { seconds, cpuSeconds: cpuSeconds(child.pid) - cpuBefore };
    },
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      conn.close();
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

async function runTask(
  task: Task,
  here: Files,
  directory: string,
  client: SftpClient,
): Promise<void> {
  const local = (name: string) => ({ files: here, path: join(directory, name) });
  const remote = (name: string) => ({ files: client, path: `/${name}` });
  switch (task) {
    case "put 1 file":
      return void await copyFile(local("big"), remote("big"));
    case "get 1 file":
      return void await copyFile(remote("big"), local("big-back"));
    case "put many files":
      return void await copyTree(local("small"), remote("small"));
    case "get many files":
      return void await copyTree(remote("small"), local("small-back"));
  }
}

interface NodeReach {
  readonly nodeId: string;
  readonly port: number;
  readonly sshPort: number;
}

async function startNode(root: string, key: NodeKey, sshKey = "") {
  const main = fileURLToPath(new URL("node.ts", import.meta.url));
  const args = ["run", "-A", "--no-check", "--unstable-net", main, root];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args, keyFingerprint(key.publicKey), sshKey],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) text += (await reader.read()).value ?? "\n";
  reader.cancel().catch(() => {});
  return { child, reach: JSON.parse(text) as NodeReach };
}

function cpuSeconds(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_SECONDS;
}

/** Medians of a row of samples. */
export function middle(samples: readonly Sample[]): Sample {
  return {
    seconds: median(samples.map(({ seconds }) => seconds)),
    cpuSeconds: median(samples.map((sample) => sample.cpuSeconds)),
  };
}
