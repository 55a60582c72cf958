/** What every backend does, directly and through a session. */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import {
  atomicUploads,
  type FileBackend,
  type Files,
  FileType,
  guardedFiles,
  localFiles,
  memoryFiles,
  mountedFiles,
  quotaFiles,
  StatusCode,
} from "../mod.ts";
import { contentsOf, namesIn, put, READ, session, temporary, WRITE } from "../testdata/support.ts";

interface Subject extends AsyncDisposable {
  readonly files: Files;
}

async function local(): Promise<{ readonly files: FileBackend } & AsyncDisposable> {
  const directory = await temporary();
  return {
    files: await localFiles(directory.path),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

function memory(): Promise<{ readonly files: FileBackend } & AsyncDisposable> {
  const files = memoryFiles();
  return Promise.resolve({ files, [Symbol.asyncDispose]: () => Promise.resolve() });
}

async function wrapped(
  make: () => Promise<{ readonly files: FileBackend } & AsyncDisposable>,
  wrap: (files: FileBackend) => FileBackend | Promise<FileBackend>,
): Promise<Subject> {
  const inner = await make();
  return {
    files: await wrap(inner.files),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

const SUBJECTS: Readonly<Record<string, () => Promise<Subject>>> = {
  "local files": local,
  "memory files": memory,
  "a subtree of local files": () =>
    wrapped(local, async (files) => {
      await files.mkdir("/sub");
      return await files.subtree("/sub");
    }),
  "a subtree of memory files": () =>
    wrapped(memory, async (files) => {
      await files.mkdir("/sub");
      return await files.subtree("/sub");
    }),
  "guarded files": () =>
    wrapped(local, (files) => guardedFiles(files, { read: true, write: true })),
  "mounted files": () => wrapped(local, (files) => mountedFiles({ "/": files })),
  "files with a quota": () => wrapped(local, (files) => quotaFiles(files, { maxBytes: 1e9 })),
  "atomic uploads": () => wrapped(local, (files) => atomicUploads(files)),
  "the client": async () => {
    const pair = await session(memoryFiles());
    return { files: pair.client, [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose]() };
  },
  "the client of local files": async () => {
    const inner = await local();
    const pair = await session(inner.files);
    return {
      files: pair.client,
      [Symbol.asyncDispose]: async () => {
        await pair[Symbol.asyncDispose]();
        await inner[Symbol.asyncDispose]();
      },
    };
  },
};

for (const [name, subject] of Object.entries(SUBJECTS)) {
  Deno.test(`${name}: contents, at any place, in any order`, async () => {
    await using it = await subject();
    const file = await it.files.open("/a", { ...WRITE, read: true });
    await file.write(new TextEncoder().encode("world"), 6);
    await file.write(new TextEncoder().encode("hello "), 0);
    strictEqual((await file.stat()).size, 11);
    const buffer = new Uint8Array(20);
    strictEqual(await file.read(buffer, 3), 8);
    strictEqual(await file.read(buffer, 11), 0);
    await file.setstat({ size: 5 });
    await file.sync();
    await file.close();
    strictEqual(await contentsOf(it.files, "/a"), "hello");
    await put(it.files, "/a", "x");
    strictEqual(await contentsOf(it.files, "/a"), "x");
  });

  Deno.test(`${name}: ways to open`, async () => {
    await using it = await subject();
    await rejects(async () => await it.files.open("/a", READ), { status: StatusCode.NoSuchFile });
    const exclusive = { ...WRITE, truncate: false, exclusive: true };
    await (await it.files.open("/a", exclusive)).close();
    await rejects(async () => await it.files.open("/a", exclusive), { status: StatusCode.Failure });
    await put(it.files, "/a", "one");
    const more = await it.files.open("/a", { ...WRITE, truncate: false, append: true });
    await more.write(new TextEncoder().encode("two"), 0);
    await more.close();
    strictEqual(await contentsOf(it.files, "/a"), "onetwo");
    await it.files.mkdir("/d");
    await rejects(async () => await it.files.open("/d", READ), { status: StatusCode.Failure });
    await rejects(async () => await it.files.open("/none/a", WRITE), {
      status: StatusCode.NoSuchFile,
    });
  });

  Deno.test(`${name}: directories`, async () => {
    await using it = await subject();
    await it.files.mkdir("/d", 0o700);
    ok(((await it.files.stat("/d")).mode & FileType.Mask) === FileType.Directory);
    await rejects(async () => await it.files.mkdir("/d"), { status: StatusCode.Failure });
    for (let index = 0; index < 300; index++) await put(it.files, `/d/${index}`, "");
    strictEqual((await namesIn(it.files, "/d")).length, 300);
    await rejects(async () => await it.files.rmdir("/d"), { status: StatusCode.Failure });
    for (let index = 0; index < 300; index++) await it.files.remove(`/d/${index}`);
    await it.files.rmdir("/d");
    deepStrictEqual(await namesIn(it.files, "/"), []);
    await rejects(async () => await it.files.list("/d"), { status: StatusCode.NoSuchFile });
    await rejects(async () => await it.files.rmdir("/"));
  });

  Deno.test(`${name}: names`, async () => {
    await using it = await subject();
    await put(it.files, "/a", "a");
    await put(it.files, "/b", "b");
    await rejects(async () => await it.files.rename("/a", "/b", { replace: false }), {
      status: StatusCode.Failure,
    });
    await it.files.rename("/a", "/b", { replace: true });
    strictEqual(await contentsOf(it.files, "/b"), "a");
    await it.files.rename("/b", "/c", { replace: false });
    await it.files.link("/c", "/d");
    await put(it.files, "/c", "new");
    await it.files.mkdir("/e");
    await it.files.rename("/e", "/f", { replace: false });
    await rejects(async () => await it.files.rename("/f", "/c", { replace: false }));
    await rejects(async () => await it.files.rename("/none", "/x", { replace: true }));
    await rejects(async () => await it.files.remove("/f"));
    deepStrictEqual(await namesIn(it.files, "/"), ["c", "d", "f"]);
  });

  Deno.test(`${name}: symbolic links`, async () => {
    await using it = await subject();
    await it.files.mkdir("/d");
    await put(it.files, "/d/a", "a");
    await it.files.symlink("/l", "d/a");
    await it.files.symlink("/dir", "/d");
    strictEqual(await it.files.readlink("/l"), "d/a");
    strictEqual(await it.files.readlink("/dir"), "/d");
    strictEqual(await contentsOf(it.files, "/l"), "a");
    strictEqual(await contentsOf(it.files, "/dir/a"), "a");
    strictEqual(await it.files.realpath("/dir/a"), "/d/a");
    strictEqual((await it.files.lstat("/l")).mode & FileType.Mask, FileType.Link);
    strictEqual((await it.files.stat("/l")).mode & FileType.Mask, FileType.File);
    await it.files.remove("/l");
    strictEqual(await contentsOf(it.files, "/d/a"), "a");
    await it.files.symlink("/loop", "loop");
    await rejects(async () => await it.files.stat("/loop"), { status: StatusCode.NoSuchFile });
    await rejects(async () => await it.files.stat("/l/x"), { status: StatusCode.NoSuchFile });
  });

  Deno.test(`${name}: attributes`, async () => {
    await using it = await subject();
    await put(it.files, "/a", "12345");
    await it.files.setstat("/a", { mode: 0o6640, atime: 10, mtime: 20 }, { follow: true });
    const { mode, atime, mtime } = await it.files.stat("/a");
    deepStrictEqual([mode & 0o7777, atime, mtime], [0o640, 10, 20]);
    await it.files.setstat("/a", { size: 2 }, { follow: true });
    strictEqual(await contentsOf(it.files, "/a"), "12");
    await it.files.symlink("/l", "a");
    await it.files.setstat("/l", { atime: 1, mtime: 1 }, { follow: false });
    strictEqual((await it.files.stat("/a")).mtime > 1, true);
    strictEqual((await it.files.lstat("/l")).mtime, 1);
    ok((await it.files.statvfs("/")).blockBytes > 0);
  });
}
