/** rclone, which speaks SFTP with an SSH of its own and runs hash programs over it. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, testOrSkip } from "../tools/skip.ts";
import { noFuse } from "./support/fuse.ts";
import { ProxyListener, RcloneLab } from "./support/rclone.ts";

const FILES_ONLY = ["ssh:sftp", "sftp:read", "sftp:write"];
const noRclone = missing("rclone") ?? missing("ssh") ?? missing("ssh-keygen");

testOrSkip(
  "rclone syncs and checks by hashes, for a peer with files and nothing else",
  noRclone,
  async (t) => {
    await using there = await RcloneLab.start(FILES_ONLY);
    await Deno.mkdir(there.path("tree/deep"), { recursive: true });
    await Deno.writeFile(there.path("tree/big"), BYTES);
    await Deno.writeTextFile(there.path("tree/deep/it's $x; `id`"), "odd name");
    await Deno.writeTextFile(there.path("tree/a b"), "first");

    await t.step("what was copied is there, checked by its hash", async () => {
      const copied = await there.rclone("sync", "-v", there.path("tree"), "head:copy");
      match(copied.err, /a b: Copied \(new\)/);
      const checked = await there.rclone("check", "-v", there.path("tree"), "head:copy");
      match(checked.err, /Using md5 for hash comparisons/);
      match(checked.err, /0 differences found/);
      ok(!/hashes could not be checked/.test(checked.err), checked.err);
      match((await there.rclone("sha1sum", "head:copy")).out, /^[0-9a-f]{40} {2}big$/m);
    });

    await t.step("a change that neither size nor time shows is found and copied", async () => {
      const { mtime } = await Deno.stat(there.path("tree/a b"));
      await Deno.writeTextFile(there.path("tree/a b"), "other");
      await Deno.utime(there.path("tree/a b"), mtime ?? 0, mtime ?? 0);
      const differs = await there.attempt("check", there.path("tree"), "head:copy");
      strictEqual(differs.code, 1);
      match(differs.err, /a b: md5 differ/);
      const synced = await there.rclone(
        "sync",
        "-v",
        "--checksum",
        there.path("tree"),
        "head:copy",
      );
      match(synced.err, /a b: Copied \(replaced existing\)/);
      ok(!/big: Copied/.test(synced.err), synced.err);
    });

    await t.step("it comes back with its times, and what is gone is deleted", async () => {
      await Deno.utime(there.path("tree/big"), 1_000_000, 1_000_000);
      await there.rclone("sync", there.path("tree"), "head:copy");
      await there.rclone("copy", "head:copy", there.path("back"));
      strictEqual(
        (await there.run("diff", ["-r", there.path("tree"), there.path("back")])).code,
        0,
      );
      strictEqual((await Deno.stat(there.path("back/big"))).mtime?.getTime(), 1_000_000_000);
      await Deno.remove(there.path("tree/deep"), { recursive: true });
      await there.rclone("sync", there.path("tree"), "head:copy");
      strictEqual((await there.rclone("lsf", "-R", "head:copy")).out, "a b\nbig\n");
    });

    await t.step("moves, room, and a part of a file", async () => {
      await there.rclone("move", "head:copy", "head:moved/deep", "--include", "big");
      match((await there.rclone("about", "head:")).out, /^Free: /m);
      const { out } = await there.rclone(
        "cat",
        "--offset",
        "1000000",
        "--count",
        "16",
        "head:moved/deep/big",
      );
      strictEqual(out, new TextDecoder().decode(BYTES.subarray(1_000_000, 1_000_016)));
      await there.rclone("purge", "head:moved");
      strictEqual((await there.rclone("lsf", "-R", "head:")).out, "copy/\ncopy/a b\n");
    });
  },
);

testOrSkip("rclone copies many small files and mounts them", noRclone ?? noFuse(), async () => {
  await using there = await RcloneLab.start(FILES_ONLY);
  for (let index = 0; index < 300; index++) {
    await Deno.mkdir(there.path(`tree/${index % 7}`), { recursive: true });
    await Deno.writeTextFile(there.path(`tree/${index % 7}/${index}`), `${index}`);
  }
  await there.rclone(
    "copy",
    "--transfers",
    "16",
    "--checkers",
    "16",
    there.path("tree"),
    "head:tree",
  );
  await using mount = await there.mount("head:");
  strictEqual(await Deno.readTextFile(join(mount.path, "tree/3/3")), "3");
  await Deno.writeFile(join(mount.path, "big"), BYTES);
  await Deno.rename(join(mount.path, "big"), join(mount.path, "tree/large"));
  const served = join(there.lab.node.home, "files/tree/large");
  ok(same(await Deno.readFile(served), BYTES));
});

testOrSkip("rclone gets through QUIC by alknet connect", noRclone, async () => {
  await using there = await RcloneLab.start(FILES_ONLY);
  await using proxy = ProxyListener.start(there.lab);
  const over = ["--sftp-port", String(proxy.port), "--sftp-known-hosts-file", ""];
  await Deno.writeFile(there.path("bytes"), BYTES);
  await there.rclone("copyto", there.path("bytes"), "head:bytes", ...over);
  await there.rclone("copyto", "head:bytes", there.path("back"), ...over);
  ok(same(await Deno.readFile(there.path("back")), BYTES));
});

/**
 * A peer that may run md5sum gets the machine's, for which a path of SFTP is another file: rclone
 * took its copies for broken and removed them.
 */
testOrSkip(
  "rclone finds the files of a peer with programs where path_override says",
  noRclone,
  async () => {
    await using there = await RcloneLab.start([
      ...FILES_ONLY,
      "ssh:exec:md5sum",
      "ssh:exec:sha1sum",
    ]);
    await Deno.writeTextFile(there.path("note"), "hello");
    const note = there.path("note");
    match((await there.attempt("copyto", note, "head:note")).err, /corrupted on transfer/);
    const files = join(there.lab.node.home, "files");
    await there.rclone("copyto", note, "head:note", "--sftp-path-override", files);
    await there.rclone("copyto", note, "head:other", "--sftp-disable-hashcheck");
    strictEqual((await there.rclone("lsf", "head:")).out, "note\nother\n");
  },
);

const BYTES = new TextEncoder().encode("0123456789abcdef".repeat(200_000));

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
