/** Programs that use SSH, and clients that nobody of OpenSSH wrote, against a node. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, testOrSkip } from "../tools/skip.ts";
import { SshLab } from "./support/ssh.ts";

const noSsh = missing("ssh") ?? missing("ssh-keygen");
/** Debian's Python, whose modules apt installs. */
const PYTHON = "/usr/bin/python3";

function noModule(name: string): string | undefined {
  try {
    const args = ["-W", "ignore", "-c", `import ${name}`];
    const { success } = new Deno.Command(PYTHON, { args, stderr: "null" }).outputSync();
    return success ? undefined : `${PYTHON} has no ${name}`;
  } catch {
    return `${PYTHON} is not installed`;
  }
}

testOrSkip(
  "scp, as it was before SFTP, copies both ways over QUIC",
  noSsh ?? missing("scp"),
  async () => {
    await using lab = await SshLab.start();
    const config = await lab.configure("quic");
    const bytes = await someBytes(lab, 3_000_000);
    const directory = await Deno.makeTempDir({ prefix: "alknet-e2e-" });
    const there = join(directory, "there"); // scp -O cannot name paths with spaces
    for (
      const [from, to] of [[lab.path("bytes"), `head:${there}`], [
        `head:${there}`,
        lab.path("back"),
      ]]
    ) {
      const { code, err } = await lab.run("scp", ["-O", "-q", "-F", config, from ?? "", to ?? ""]);
      strictEqual(code, 0, err);
    }
    ok(same(await Deno.readFile(lab.path("back")), bytes));
    await Deno.remove(directory, { recursive: true });
  },
);

testOrSkip(
  "rsync copies a tree both ways, and knows what is there already",
  noSsh ?? missing("rsync"),
  async () => {
    await using lab = await SshLab.start();
    const shell = `ssh -F '${await lab.configure("tls")}'`;
    await someBytes(lab, 500_000);
    await Deno.mkdir(lab.path("tree/deep"), { recursive: true });
    await Deno.rename(lab.path("bytes"), lab.path("tree/deep/bytes"));
    await Deno.writeTextFile(lab.path("tree/note"), "hello\n");
    const there = join(await Deno.makeTempDir({ dir: lab.node.home }), "copy");
    const first = await lab.run("rsync", [
      "-a",
      "-s",
      "-e",
      shell,
      `${lab.path("tree")}/`,
      `head:${there}`,
    ]);
    strictEqual(first.code, 0, first.err);
    const again = await lab.run("rsync", [
      "-ai",
      "-s",
      "-e",
      shell,
      `${lab.path("tree")}/`,
      `head:${there}`,
    ]);
    strictEqual(again.out, "");
    const back = await lab.run("rsync", [
      "-a",
      "-s",
      "-e",
      shell,
      `head:${there}/`,
      lab.path("back"),
    ]);
    strictEqual(back.code, 0, back.err);
    strictEqual((await lab.run("diff", ["-r", lab.path("tree"), lab.path("back")])).code, 0);
  },
);

testOrSkip("git pushes and clones over ssh", noSsh ?? missing("git"), async () => {
  await using lab = await SshLab.start();
  const ssh = `ssh -F '${await lab.configure("quic")}'`;
  const bare = join(lab.node.home, "site.git");
  const work = lab.path("work");
  const git = async (...args: readonly string[]): Promise<void> => {
    const who = [
      "-c",
      "user.name=a",
      "-c",
      "user.email=a@example.org",
      "-c",
      `core.sshCommand=${ssh}`,
    ];
    const { code, err } = await lab.run("git", [...who, ...args]);
    strictEqual(code, 0, `git ${args.join(" ")}: ${err}`);
  };
  await git("init", "-q", "--bare", "-b", "main", bare);
  await git("init", "-q", "-b", "main", work);
  await Deno.writeTextFile(join(work, "file"), "text\n");
  await git("-C", work, "add", ".");
  await git("-C", work, "commit", "-q", "-m", "first");
  const url = `ssh://head${bare.replaceAll(" ", "%20")}`;
  await git("-C", work, "push", "-q", url, "main");
  await git("clone", "-q", url, lab.path("clone"));
  strictEqual(await Deno.readTextFile(join(lab.path("clone"), "file")), "text\n");
});

testOrSkip("forty sessions share one connection", noSsh, async () => {
  await using lab = await SshLab.start();
  const config = await lab.configure("quic");
  const socket = `/tmp/alknet-mux-${crypto.randomUUID().slice(0, 8)}`;
  const master = lab.spawn("ssh", [
    "-F",
    config,
    "-M",
    "-S",
    socket,
    "-o",
    `ControlPath=${socket}`,
    "-N",
    "head",
  ]);
  try {
    const check = ["-F", config, "-S", socket, "-O", "check", "head"];
    while ((await lab.run("ssh", check)).code !== 0);
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        lab.run("ssh", [
          "-F",
          config,
          "-S",
          socket,
          "-o",
          `ControlPath=${socket}`,
          "head",
          `echo ${index}`,
        ])),
    );
    strictEqual(all.map(({ out }) => out.trim()).join(), Array.from(all.keys()).join());
    strictEqual((await lab.node.json<unknown[]>("ssh", "who")).length, 1);
  } finally {
    master.kill("SIGTERM");
    await master.status;
  }
});

testOrSkip("rekeying in the middle of bulk data loses nothing", noSsh, async () => {
  await using lab = await SshLab.start();
  const config = await lab.configure("tcp");
  const bytes = "0123456789abcdef".repeat(500_000);
  for (const cipher of ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr"]) {
    const options = ["-o", "RekeyLimit=1M", "-c", cipher];
    const { code, out, err } = await lab.ssh(config, [...options, "head", "cat"], bytes);
    strictEqual(code, 0, err);
    ok(out === bytes, `${cipher}: ${out.length} bytes`);
  }
});

testOrSkip(
  "dropbear's client logs in, by a guess of the key exchange",
  noSsh ?? missing("dbclient") ?? missing("dropbearconvert"),
  async () => {
    await using lab = await SshLab.start();
    const key = lab.path("id.dropbear");
    strictEqual(
      (await lab.run("dropbearconvert", ["openssh", "dropbear", lab.path("id"), key])).code,
      0,
    );
    const to = ["-y", "-y", "-i", key, "-p", String(lab.tcpPort), "alice@127.0.0.1"];
    const { code, out, err } = await lab.run("dbclient", [...to, "echo dropbear; exit 3"]);
    strictEqual(code, 3, err);
    strictEqual(out, "dropbear\n");
  },
);

testOrSkip("PuTTY's plink logs in", noSsh ?? missing("plink") ?? missing("puttygen"), async () => {
  await using lab = await SshLab.start();
  const key = lab.path("id.ppk");
  const converted = await lab.run("puttygen", [lab.path("id"), "-o", key, "-O", "private"]);
  strictEqual(converted.code, 0, converted.err);
  const scanned = await lab.run("ssh-keyscan", ["-p", String(lab.tcpPort), "127.0.0.1"]);
  await lab.client.write("scanned", scanned.out);
  const listed = await lab.run("ssh-keygen", ["-lf", lab.path("scanned")]);
  const hostKey = /SHA256:\S+/.exec(listed.out)?.[0] ?? "";
  const to = [
    "-batch",
    "-ssh",
    "-hostkey",
    hostKey,
    "-i",
    key,
    "-P",
    String(lab.tcpPort),
    "alice@127.0.0.1",
  ];
  const { code, out, err } = await lab.run("plink", [...to, "echo plink; exit 4"]);
  strictEqual(code, 4, err);
  match(out, /^plink\r?\n$/);
});

const PARAMIKO = `
import sys, paramiko
key = paramiko.Ed25519Key.from_private_key_file(sys.argv[2])
c = paramiko.SSHClient(); c.set_missing_host_key_policy(paramiko.AutoAddPolicy())
c.connect("127.0.0.1", int(sys.argv[1]), "alice", pkey=key, allow_agent=False, look_for_keys=False)
i, o, e = c.exec_command("head -c 1000000 /dev/zero; exit 6")
print(len(o.read()), o.channel.recv_exit_status())
s = c.get_transport().open_session(); s.get_pty(width=99, height=33); s.exec_command("stty size")
print(s.recv(100).decode().strip())
`;

testOrSkip("paramiko logs in, with a terminal", noSsh ?? noModule("paramiko"), async () => {
  await using lab = await SshLab.start();
  strictEqual(await python(lab, PARAMIKO), "1000000 6\n33 99\n");
});

const ASYNCSSH = `
import asyncio, sys, asyncssh
async def main():
    async with asyncssh.connect("127.0.0.1", int(sys.argv[1]), username="alice", client_keys=[sys.argv[2]], known_hosts=None) as c:
        r = await c.run("echo asyncssh; exit 5"); print(r.stdout.strip(), r.exit_status)
        p = await c.create_process("sleep 30"); p.send_signal("TERM"); await p.wait(); print(p.exit_signal[0])
        r = await c.run("stty size", term_type="xterm", term_size=(90, 30)); print(r.stdout.strip())
asyncio.run(main())
`;

testOrSkip(
  "AsyncSSH logs in, with compression wished for and signals sent",
  noSsh ?? noModule("asyncssh"),
  async () => {
    await using lab = await SshLab.start();
    strictEqual(await python(lab, ASYNCSSH), "asyncssh 5\nTERM\n30 90\n");
  },
);

/** Runs a client in Python, which is given the port and the key; returns what it prints. */
async function python(lab: SshLab, client: string): Promise<string> {
  const script = await lab.client.write("client.py", client);
  const args = ["-W", "ignore", script, String(lab.tcpPort), lab.path("id")];
  const { code, out, err } = await lab.run(PYTHON, args);
  strictEqual(code, 0, err);
  return out;
}

async function someBytes(lab: SshLab, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length).map((_, index) => (index * 31) ^ (index >> 9));
  await Deno.writeFile(lab.path("bytes"), bytes);
  return bytes;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
