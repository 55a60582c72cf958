import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import {
  copyFile,
  copyTree,
  type DirectoryEntry,
  type FileBackend,
  type Files,
  localFiles,
  memoryFiles,
  READ_MODE,
  SftpError,
  systemFiles,
  VerifyError,
} from "../mod.ts";
import { contentsOf, namesIn, put, replacing, session, temporary } from "../testdata/support.ts";

const BIG = new Uint8Array(20_000_000);
for (let at = 0; at < BIG.length; at += 65_536) {
  crypto.getRandomValues(BIG.subarray(at, at + 65_536));
}

async function hashOf(files: Files, path: string): Promise<string> {
  const file = await files.open(path, READ_MODE);
  const bytes = new Uint8Array((await file.stat()).size);
  for (let at = 0; at < bytes.length;) {
    at += await file.read(bytes.subarray(at, at + 200_000), at);
  }
  await file.close();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

const BIG_HASH = new Uint8Array(await crypto.subtle.digest("SHA-256", BIG)).toHex();

Deno.test("copyFile() copies there and back, large and small, with times and permissions", async () => {
  await using directory = await temporary();
  await using pair = await session(await localFiles(directory.path));
  const here = memoryFiles();
  for (
    const [name, contents] of [["big", BIG], ["small", BIG.slice(0, 700_000)], [
      "none",
      "",
    ]] as const
  ) {
    await put(here, `/${name}`, contents);
    await here.setstat(`/${name}`, { mode: 0o640, atime: 5, mtime: 1_000 }, { follow: true });
    const source = { files: here, path: `/${name}` };
    const there = { files: pair.client, path: `/${name}` };
    await copyFile(source, there, { preserve: true, verify: true });
    const { mode, mtime, size } = await pair.client.stat(`/${name}`);
    deepStrictEqual([mode & 0o777, mtime, size], [0o640, 1_000, contents.length]);
    const back = { files: here, path: `/${name}-back` };
    await copyFile(there, back, { preserve: true, verify: true });
    strictEqual(await hashOf(here, `/${name}-back`), await hashOf(here, `/${name}`));
  }
  deepStrictEqual(await namesIn(pair.client, "/"), ["big", "none", "small"]);
});

for (const direction of ["up", "down"] as const) {
  Deno.test(`copyFile() goes on where a copy was broken off, ${direction}`, async () => {
    const here = memoryFiles();
    const there = memoryFiles();
    await put(direction === "up" ? here : there, "/a", BIG);
    const copy = async (stopAt: number): Promise<number> => {
      const stop = new AbortController();
      await using pair = await session(there);
      const [source, goal] = direction === "up" ? [here, pair.client] : [pair.client, here];
      let counted = 0;
      let largest = 0;
      const onBytes = (count: number): void => {
        counted += count;
        largest = Math.max(largest, count);
        if (counted >= stopAt) stop.abort();
      };
      const options = { windowBytes: 1_000_000, signal: stop.signal, onBytes };
      const copied = copyFile({ files: source, path: "/a" }, { files: goal, path: "/a" }, options);
      if (stopAt < BIG.length) await rejects(copied, { name: "AbortError" });
      else await copied;
      return largest;
    };
    await copy(9_000_000);
    const goal = direction === "up" ? there : here;
    await rejects(async () => await goal.stat("/a"), SftpError); // never half a file
    strictEqual((await namesIn(goal, "/")).filter((name) => name.endsWith(".part")).length, 1);
    const skipped = await copy(Infinity);
    ok(skipped > 7_000_000, `only ${skipped} bytes were there already`);
    strictEqual(await hashOf(goal, "/a"), BIG_HASH);
    deepStrictEqual(await namesIn(goal, "/"), ["a"]);
  });
}

Deno.test("copyFile() does not go on with the copy of a source that has changed", async () => {
  const [here, there] = [memoryFiles(), memoryFiles()];
  await put(here, "/a", BIG);
  const stop = new AbortController();
  const onBytes = (count: number): void => {
    if (count > 0) stop.abort();
  };
  const places = [{ files: here, path: "/a" }, { files: there, path: "/a" }] as const;
  const options = { windowBytes: 1_000_000, signal: stop.signal, onBytes };
  await rejects(copyFile(...places, options));
  await here.setstat("/a", { atime: 1, mtime: 1 }, { follow: true });
  let skipped = 0;
  await copyFile(...places, { onBytes: (count) => skipped ||= count });
  ok(skipped < 1_000_000);
  strictEqual(await hashOf(there, "/a"), BIG_HASH);
});

Deno.test("copyFile() replaces what is there, and says when hashes differ", async () => {
  const [here, there] = [memoryFiles(), memoryFiles()];
  await put(here, "/a", BIG);
  await put(there, "/a", "old");
  await copyFile({ files: here, path: "/a" }, { files: there, path: "/a" });
  strictEqual(await hashOf(there, "/a"), BIG_HASH);
  const lying = replacing(there, {
    rename: async (from: string, to: string, how: { replace: boolean }) => {
      await there.rename(from, to, how);
      await put(there, to, "forged");
    },
  });
  const copying = copyFile({ files: here, path: "/a" }, { files: lying, path: "/b" }, {
    verify: true,
  });
  await rejects(copying, VerifyError);
});

Deno.test("copyTree() copies everything, and says what it could not copy", async () => {
  await using directory = await temporary();
  const here = memoryFiles();
  await here.mkdir("/t");
  for (let index = 0; index < 40; index++) {
    await here.mkdir(`/t/${index}`, 0o750);
    for (let file = 0; file < 5; file++) await put(here, `/t/${index}/${file}`, `${index} ${file}`);
  }
  await put(here, "/t/big", BIG.slice(0, 3_000_000));
  await here.symlink("/t/link", "7/3");
  await here.symlink("/t/out", "../../../etc/passwd");
  await here.setstat("/t/7", { atime: 9, mtime: 9 }, { follow: true });
  await using pair = await session(await localFiles(directory.path));
  const goal = { files: pair.client, path: "/copy" };
  const result = await copyTree({ files: here, path: "/t" }, goal, { preserve: true });
  deepStrictEqual(result.failures.map(({ path, error }) => [path, error.message]), [
    ["/t/out", "Permission denied"],
  ]);
  strictEqual(result.files, 201);
  strictEqual(await contentsOf(pair.client, "/copy/link"), "7 3");
  const { mode, mtime } = await pair.client.stat("/copy/7");
  deepStrictEqual([mode & 0o777, mtime], [0o750, 9]);
  await copyTree(goal, { files: here, path: "/back" });
  strictEqual(await contentsOf(here, "/back/39/4"), "39 4");
  strictEqual(await hashOf(here, "/back/big"), await hashOf(here, "/t/big"));
});

Deno.test("copyTree() ends when the session is lost, and says so", async () => {
  const here = memoryFiles();
  await here.mkdir("/t");
  for (let index = 0; index < 500; index++) await put(here, `/t/${index}`, "x");
  const stop = new AbortController();
  const pair = await session(memoryFiles(), { signal: stop.signal });
  let copied = 0;
  const onFile = (): void => {
    if (++copied === 100) stop.abort();
  };
  const copying = copyTree({ files: here, path: "/t" }, { files: pair.client, path: "/t" }, {
    onFile,
  });
  await rejects(copying);
  ok(copied < 500);
  await pair.serving.catch(() => {});
});

/** A server of which the user wants to copy, and that wants to write elsewhere on his disk. */
function malicious(
  entries: readonly [name: string, mode: number][],
  all: FileBackend,
): FileBackend {
  const list = async (path: string) => {
    if (path !== "/evil") return await all.list(path);
    const stat = await all.stat("/");
    const named = entries.map(([name, mode]): DirectoryEntry => ({
      name,
      stat: { ...stat, mode },
    }));
    let told = false;
    return { next: () => told ? undefined : (told = true, named), close: () => {} };
  };
  return replacing(all, { list });
}

Deno.test("copyTree() writes nothing outside of its goal, whatever names a server gives", async () => {
  await using base = await temporary();
  await Deno.mkdir(join(base.path, "victim"));
  await Deno.mkdir(join(base.path, "goal"));
  const all = memoryFiles();
  await all.mkdir("/evil");
  await all.mkdir("/evil/x");
  await put(all, "/evil/x/pwned", "pwned");
  await put(all, "/evil/pwned", "pwned");
  const link = 0o120777;
  const listing = malicious([
    ["../victim/pwned", 0o100644],
    ["/etc/pwned", 0o100644],
    ["..", 0o040755],
    ["x", link], // first a link, which would be made to lead to the victim …
    ["x", 0o040755], // … and then a directory of the same name with a file in it
    ["pwned", 0o100644],
  ], all);
  const serving = replacing(listing, { readlink: () => "../../victim" });
  await using pair = await session(serving);
  const goal = { files: systemFiles(), path: join(base.path, "goal", "copy") };
  await copyTree({ files: pair.client, path: "/evil" }, goal);
  deepStrictEqual(await Array.fromAsync(Deno.readDir(join(base.path, "victim"))), []);
  deepStrictEqual(
    (await Array.fromAsync(Deno.readDir(join(base.path, "goal", "copy")))).map(({ name }) => name)
      .sort(),
    ["pwned", "x"],
  );
});

Deno.test("copyTree() does not go through a link that an earlier copy left in its goal", async () => {
  await using base = await temporary();
  await Deno.mkdir(join(base.path, "victim"));
  await Deno.mkdir(join(base.path, "goal"));
  await Deno.symlink("../victim", join(base.path, "goal", "x"));
  const all = memoryFiles();
  await all.mkdir("/t");
  await all.mkdir("/t/x");
  await put(all, "/t/x/pwned", "pwned");
  const goal = { files: systemFiles(), path: join(base.path, "goal") };
  const { failures } = await copyTree({ files: all, path: "/t" }, goal);
  strictEqual(failures.length, 1);
  deepStrictEqual(await Array.fromAsync(Deno.readDir(join(base.path, "victim"))), []);
});
