/**
 * Programs nobody here wrote, on our SFTP server over standard input and output: no SSH is between
 * them, so what fails here is SFTP. The same programs through SSH are in ssh_sftp_test.ts, and rclone,
 * which before version 1.62 speaks SFTP only with an SSH of its own, in rclone_test.ts.
 */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, missingFile, testOrSkip } from "../tools/skip.ts";
import { runProgram } from "./support/cli.ts";
import { noFuse } from "./support/fuse.ts";
import { randomBytes, sameFiles, StdioServer } from "./support/sftp_server.ts";

const sftp = missing("sftp");
const lftp = missing("lftp");
const paramiko = missingFile("/usr/lib/python3/dist-packages/paramiko/__init__.py");
const sshfs = missing("sshfs") ?? missing("git") ?? noFuse();

testOrSkip("OpenSSH's sftp puts, gets, lists, renames and links", sftp, async () => {
  await using server = await StdioServer.make();
  const big = await server.write("big", randomBytes(5_000_000));
  const { code, out, err } = await server.sftp(
    "mkdir d",
    "cd d",
    `put ${big}`,
    `put ${big} second`,
    "rename second third",
    "ln third hard",
    "ln -s third soft",
    "symlink nowhere dangling",
    "chmod 640 third",
    "ls -la",
    `get soft ${server.here}/back`,
    "df -h",
    "pwd",
    "rm hard",
    "ls -1",
  );
  strictEqual(code, 0, err);
  match(out, /-rw-r-----.* third/);
  match(out, /lrwxrwxrwx.* soft/);
  match(out, /Remote working directory: \/d/);
  match(out, /\nbig\ndangling\nsoft\nthird\n/);
  ok(await sameFiles(big, join(server.here, "back")));
  ok(await sameFiles(big, join(server.root, "d", "third")));
});

testOrSkip(
  "OpenSSH's sftp copies trees with times and modes, and within the server",
  sftp,
  async () => {
    await using server = await StdioServer.make();
    for (let index = 0; index < 60; index++) {
      await Deno.mkdir(join(server.here, "tree", `${index % 7}`), { recursive: true });
      await server.write(`tree/${index % 7}/${index}`, `${index}`);
    }
    await Deno.utime(join(server.here, "tree/0/0"), 1_000, 2_000);
    await Deno.chmod(join(server.here, "tree/0/0"), 0o604);
    const { code, err } = await server.sftp(
      `put -pR ${server.here}/tree`,
      `get -pR tree ${server.here}/back`,
      "cp tree/3/3 copied",
      "ls copied",
    );
    strictEqual(code, 0, err);
    const diff = await runProgram("diff", ["-r", `${server.here}/tree`, `${server.here}/back`]);
    strictEqual(diff.code, 0, diff.out);
    const { mtime, mode } = await Deno.stat(join(server.here, "back/0/0"));
    deepStrictEqual([mtime?.getTime(), (mode ?? 0) & 0o777], [2_000_000, 0o604]);
    strictEqual(await Deno.readTextFile(join(server.root, "copied")), "3");
  },
);

testOrSkip("OpenSSH's sftp resumes both ways, and fails where it has to", sftp, async () => {
  await using server = await StdioServer.make();
  const whole = randomBytes(3_000_000);
  const big = await server.write("big", whole);
  await Deno.writeFile(join(server.root, "big"), whole.subarray(0, 1_000_000));
  await server.write("part", whole.subarray(0, 2_000_000));
  const { code, err } = await server.sftp(`reput ${big} big`, `reget big ${server.here}/part`);
  strictEqual(code, 0, err);
  ok(await sameFiles(big, join(server.root, "big")));
  ok(await sameFiles(big, join(server.here, "part")));
  for (const line of ["get nothing", "rmdir big", "rm none", "cd big", "mkdir a/b/c"]) {
    strictEqual((await server.sftp(line)).code, 1, line);
  }
  strictEqual((await server.sftp("get /etc/passwd")).code, 1);
  strictEqual((await server.sftp("get ../../../../../../etc/passwd")).code, 1);
});

testOrSkip("OpenSSH's scp copies in SFTP mode", sftp ?? missing("scp"), async () => {
  await using server = await StdioServer.make();
  const big = await server.write("big", randomBytes(2_000_000));
  const scp = (...args: string[]) => runProgram("scp", ["-q", "-S", server.program, ...args]);
  const up = await scp("-p", big, "host:copy");
  strictEqual(up.code, 0, up.err);
  const down = await scp("host:copy", join(server.here, "back"));
  strictEqual(down.code, 0, down.err);
  ok(await sameFiles(big, join(server.here, "back")));
  strictEqual((await scp("host:none", server.here)).code === 0, false);
});

testOrSkip("sshfs mounts it, and git works on the mount", sshfs, async () => {
  await using server = await StdioServer.make();
  await using mount = await mounted(server);
  await Deno.writeTextFile(join(mount.path, "a"), "hello");
  strictEqual(await Deno.readTextFile(join(server.root, "a")), "hello");
  const bytes = randomBytes(4_000_000);
  await Deno.writeFile(join(mount.path, "big"), bytes);
  ok(await sameFiles(join(server.root, "big"), join(mount.path, "big")));
  await Deno.truncate(join(mount.path, "big"), 10);
  await Deno.rename(join(mount.path, "big"), join(mount.path, "small"));
  await Deno.symlink("small", join(mount.path, "link"));
  strictEqual((await Deno.stat(join(mount.path, "link"))).size, 10);
  const repository = join(mount.path, "repository");
  const git = async (...args: string[]): Promise<string> => {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "safe.directory=*"];
    const { code, out, err } = await runProgram("git", [...identity, ...args]);
    strictEqual(code, 0, `git ${args.join(" ")}: ${err}`);
    return out;
  };
  await git("init", "-q", repository);
  for (let index = 0; index < 20; index++) {
    await Deno.writeTextFile(join(repository, `${index}`), `${index}`);
  }
  await git("-C", repository, "add", ".");
  await git("-C", repository, "commit", "-qm", "first");
  match(await git("-C", repository, "log", "--oneline"), /first/);
  await git("-C", repository, "fsck", "--full");
});

testOrSkip("lftp mirrors", lftp, async () => {
  await using server = await StdioServer.make();
  for (let index = 0; index < 20; index++) {
    await Deno.mkdir(join(server.here, "tree", `${index % 3}`), { recursive: true });
    await server.write(`tree/${index % 3}/${index}`, randomBytes(5_000));
  }
  const script = [
    `set sftp:connect-program "${server.program}"`,
    "set net:max-retries 1",
    "set cmd:fail-exit true",
    "open -u user,nothing sftp://host",
    `mirror -R ${server.here}/tree tree`,
    `mirror tree ${server.here}/back`,
    "mv tree moved",
    "cls moved",
    "bye",
  ].join("; ");
  const { code, err } = await runProgram("lftp", ["--norc", "-c", script]);
  strictEqual(code, 0, err);
  const diff = await runProgram("diff", ["-r", `${server.here}/tree`, `${server.here}/back`]);
  strictEqual(diff.code, 0, diff.out);
});

testOrSkip("paramiko pipelines, prefetches and checks hashes", paramiko, async () => {
  await using server = await StdioServer.make();
  const driver = new URL("support/paramiko_driver.py", import.meta.url).pathname;
  const { code, out, err } = await runProgram("/usr/bin/python3", [
    driver,
    server.program,
    server.here,
  ]);
  strictEqual(code, 0, err + out);
  match(out, /all good/);
});

/** A mount that is gone after the test. */
async function mounted(
  server: StdioServer,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = join(server.here, "mount");
  await Deno.mkdir(path);
  const options = ["-o", `ssh_command=${server.program}`, "-o", "default_permissions"];
  const { code, err } = await runProgram("sshfs", [...options, "host:/", path]);
  strictEqual(code, 0, err);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      const unmounted = await runProgram("fusermount3", ["-u", path]);
      strictEqual(unmounted.code, 0, unmounted.err);
    },
  };
}
