/** SFTP as a subsystem of SSH, with programs nobody here wrote. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, testOrSkip } from "../tools/skip.ts";
import { noFuse } from "./support/fuse.ts";
import { SshLab } from "./support/ssh.ts";

const noSsh = missing("ssh") ?? missing("ssh-keygen");
const SCOPES = ["ssh:sftp", "sftp:read", "sftp:write"];
const BYTES = new Uint8Array(2_000_000).map((_, index) => (index * 31) ^ (index >> 9));

/** A node with files for alice, who may do nothing but that. */
async function lab(): Promise<SshLab> {
  const started = await SshLab.start({ scopes: SCOPES });
  await Deno.writeFile(started.path("bytes"), BYTES);
  return started;
}

/** Whether a file came back as it went. */
async function sameBytes(file: string): Promise<boolean> {
  const back = await Deno.readFile(file);
  return back.length === BYTES.length && back.every((byte, index) => byte === BYTES[index]);
}

for (const way of ["quic", "tls", "tcp"] as const) {
  testOrSkip(
    `sftp puts, lists, renames and gets over ${way}`,
    noSsh ?? missing("sftp"),
    async () => {
      await using there = await lab();
      const config = await there.configure(way);
      const batch = await there.client.write(
        "batch",
        [
          `put "${there.path("bytes")}" first`,
          "mkdir folder",
          "rename first folder/second",
          "chmod 600 folder/second",
          "ls -l folder",
          `get folder/second "${there.path("back")}"`,
          "df -h",
          "rm folder/second",
          "rmdir folder",
          "",
        ].join("\n"),
      );
      const { code, out, err } = await there.run("sftp", ["-F", config, "-b", batch, "head"]);
      strictEqual(code, 0, err);
      match(out, /-rw------- .* 2000000 .* folder\/second/);
      ok(await sameBytes(there.path("back")));
    },
  );
}

testOrSkip(
  "scp copies by SFTP, trees too, and a peer without the scope gets nothing",
  noSsh ?? missing("scp"),
  async () => {
    await using there = await lab();
    const config = await there.configure("tls");
    await Deno.mkdir(there.path("tree/deep"), { recursive: true });
    await Deno.rename(there.path("bytes"), there.path("tree/deep/bytes"));
    const scp = (...args: readonly string[]) =>
      there.run("scp", ["-q", "-r", "-F", config, ...args]);
    const up = await scp(there.path("tree"), "head:copy");
    strictEqual(up.code, 0, up.err);
    const down = await scp("head:copy", there.path("back"));
    strictEqual(down.code, 0, down.err);
    ok(await sameBytes(there.path("back/deep/bytes")));
    strictEqual((await there.ssh(config, ["head", "id"])).code, 255);

    await using other = await SshLab.start({ scopes: ["ssh:exec", "sftp:read"] });
    const plain = await other.configure("tls");
    ok((await other.run("scp", ["-q", "-F", plain, "head:x", other.path("x")])).code !== 0);
  },
);

testOrSkip(
  "sshfs mounts, and git works on the mount",
  noSsh ?? missing("sshfs") ?? missing("git") ?? missing("fusermount3") ?? noFuse(),
  async () => {
    await using there = await lab();
    const config = await there.configure("tcp");
    const mount = await Deno.makeTempDir({ prefix: "alknet-mount-" });
    const mounted = await there.run("sshfs", ["-F", config, "head:", mount]);
    strictEqual(mounted.code, 0, mounted.err);
    try {
      const repository = join(mount, "repository");
      const git = async (...args: readonly string[]): Promise<string> => {
        const who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        const { code, out, err } = await there.run("git", [...who, "-C", mount, ...args]);
        strictEqual(code, 0, `git ${args.join(" ")}: ${err}`);
        return out;
      };
      await git("init", "-q", "-b", "main", "repository");
      await Deno.writeTextFile(join(repository, "file"), "text\n");
      await git("-C", "repository", "add", ".");
      await git("-C", "repository", "commit", "-q", "-m", "on a mount");
      match(await git("-C", "repository", "log", "--oneline"), /on a mount/);
    } finally {
      await there.run("fusermount3", ["-u", mount]);
      await Deno.remove(mount);
    }
  },
);

testOrSkip("lftp mirrors a tree and brings it back", noSsh ?? missing("lftp"), async () => {
  await using there = await lab();
  const config = await there.configure("tls");
  await Deno.mkdir(there.path("tree"));
  await Deno.rename(there.path("bytes"), there.path("tree/bytes"));
  const script = [
    `set sftp:connect-program "ssh -a -x -F '${config}'"`,
    "open -u alice, sftp://head",
    `mirror -R "${there.path("tree")}" copy`,
    `mirror copy "${there.path("back")}"`,
    "",
  ].join("\n");
  const { code, err } = await there.run("lftp", ["-f", await there.client.write("lftp", script)]);
  strictEqual(code, 0, err);
  ok(await sameBytes(there.path("back/bytes")));
});

testOrSkip(
  "PuTTY's psftp puts and gets",
  noSsh ?? missing("psftp") ?? missing("puttygen"),
  async () => {
    await using there = await lab();
    const key = there.path("id.ppk");
    strictEqual(
      (await there.run("puttygen", [there.path("id"), "-o", key, "-O", "private"])).code,
      0,
    );
    const scanned = await there.run("ssh-keyscan", ["-p", String(there.tcpPort), "127.0.0.1"]);
    await there.client.write("scanned", scanned.out);
    const listed = await there.run("ssh-keygen", ["-lf", there.path("scanned")]);
    const hostKey = /SHA256:\S+/.exec(listed.out)?.[0] ?? "";
    const batch = await there.client.write(
      "batch",
      [
        `put "${there.path("bytes")}" there`,
        `get there "${there.path("back")}"`,
        "",
      ].join("\n"),
    );
    const options = ["-batch", "-hostkey", hostKey, "-i", key, "-P", String(there.tcpPort)];
    const { code, out, err } = await there.run("psftp", [
      ...options,
      "-b",
      batch,
      "alice@127.0.0.1",
    ]);
    strictEqual(code, 0, out + err);
    ok(await sameBytes(there.path("back")));
  },
);
