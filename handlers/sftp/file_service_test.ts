import { FileError, type FileFault, type FileInfo, type OfferedFiles } from "@alknet/core";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import type { FileBackend } from "./backend.ts";
import { guardedFiles } from "./backends/guarded.ts";
import { localFiles } from "./backends/local/local_backend.ts";
import { memoryFiles } from "./backends/memory/memory_backend.ts";
import { quotaFiles } from "./backends/quota_files.ts";
import { fileService } from "./file_service.ts";

const TEXT = new TextEncoder().encode("contents");

async function offered(backend: FileBackend): Promise<OfferedFiles> {
  const remoteAddr = { hostname: "127.0.0.1", port: 1 };
  const files = await fileService(() => backend)({
    remoteAddr,
    signal: new AbortController().signal,
  });
  ok(files);
  return files;
}

async function* parts(...all: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all;
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield TEXT;
  throw new TypeError("Browser left");
}

async function names(files: OfferedFiles, path: string): Promise<string[]> {
  const found: FileInfo[] = await Array.fromAsync(files.list(path));
  return found.map(({ name }) => name).sort();
}

async function contents(files: OfferedFiles, path: string): Promise<string> {
  await using file = await files.open(path);
  const buffer = new Uint8Array(file.info.size);
  const count = await file.read(buffer, 0);
  return new TextDecoder().decode(buffer.subarray(0, count));
}

const BACKENDS: readonly [string, (directory: string) => Promise<FileBackend>][] = [
  ["memory", () => Promise.resolve(memoryFiles())],
  ["a directory", (directory) => localFiles(directory)],
];

for (const [kind, open] of BACKENDS) {
  const test = (name: string, run: (files: FileBackend) => Promise<void>): void =>
    Deno.test(`fileService() over ${kind}: ${name}`, async () => {
      const directory = await Deno.makeTempDir();
      try {
        await run(await open(directory));
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    });

  test("a file appears when it is complete, and else nothing changes", async (backend) => {
    const files = await offered(backend);
    await files.write("/a", parts(TEXT, TEXT), { replace: false });
    strictEqual(await contents(files, "/a"), "contentscontents");
    const { version } = await files.stat("/a");
    await rejects(files.write("/a", broken(), { replace: true }), TypeError);
    await rejects(files.write("/b", broken(), { replace: false }), TypeError);
    deepStrictEqual(await names(files, "/"), ["a"]);
    strictEqual((await files.stat("/a")).version, version);
    await files.write("/a", parts(TEXT), { replace: true });
    strictEqual(await contents(files, "/a"), "contents");
    ok((await files.stat("/a")).version !== version);
  });

  test("what cannot be done is told in one word", async (backend) => {
    const files = await offered(backend);
    await files.makeFolder("/folder");
    await files.write("/folder/file", parts(TEXT), { replace: false });
    const write = (path: string, replace: boolean): Promise<void> =>
      files.write(path, parts(TEXT), { replace });
    const faults: readonly [FileFault, () => Promise<unknown>][] = [
      ["exists", () => files.makeFolder("/folder")],
      ["exists", () => write("/folder/file", false)],
      ["exists", () => files.rename("/folder/file", "/folder")],
      ["not-empty", () => files.remove("/folder")],
      ["is-folder", () => write("/folder", true)],
      ["is-folder", () => files.open("/folder")],
      ["no-folder", () => names(files, "/folder/file")],
      ["missing", () => files.stat("/nothing")],
      ["missing", () => write("/nothing/file", false)],
      ["missing", () => files.remove("/nothing")],
      ["bad-name", () => files.makeFolder(`/${"x".repeat(300)}`)],
      ["bad-name", () => files.makeFolder("/a\0b")],
      ["denied", () => files.remove("/")],
    ];
    for (const [fault, task] of faults) {
      await rejects(task, (error) => error instanceof FileError && error.fault === fault, fault);
    }
  });

  test("rights and quotas hold", async (backend) => {
    const limited = await offered(quotaFiles(backend, { maxBytes: 10, maxFiles: 2 }));
    await limited.write("/a", parts(TEXT), { replace: false });
    const quota = { fault: "quota" };
    await rejects(limited.write("/b", parts(TEXT), { replace: false }), quota);
    await limited.makeFolder("/c");
    await rejects(limited.makeFolder("/d"), quota);
    deepStrictEqual(await names(limited, "/"), ["a", "c"]);

    const readable = await offered(guardedFiles(backend, { read: true, write: false }));
    strictEqual((await readable.room("/")).readOnly, true);
    strictEqual((await (await offered(backend)).room("/")).readOnly, false);
    strictEqual(await contents(readable, "/a"), "contents");
    const denied = { fault: "denied" };
    await rejects(readable.write("/b", parts(TEXT), { replace: false }), denied);
    await rejects(readable.remove("/a"), denied);
    await rejects(readable.rename("/a", "/b"), denied);
    const dropBox = await offered(guardedFiles(backend, { read: false, write: true }));
    await rejects(names(dropBox, "/"), denied);
    await rejects(dropBox.open("/a"), denied);
  });
}

Deno.test("no path leads out of what fileService() offers", async () => {
  const outside = await Deno.makeTempDir();
  await Deno.writeTextFile(`${outside}/secret`, "secret");
  await Deno.mkdir(`${outside}/root`);
  await Deno.symlink(`${outside}/secret`, `${outside}/root/link`);
  try {
    const files = await offered(await localFiles(`${outside}/root`));
    for (const path of ["/../secret", "/./../../secret", "..//secret", "/link", "/link/.."]) {
      await rejects(files.open(path), FileError, path);
    }
    await rejects(files.rename("/link", "/../../link"), { fault: "exists" }); // it is the root's own
    await files.remove("/../link");
    strictEqual(await Deno.readTextFile(`${outside}/secret`), "secret");
  } finally {
    await Deno.remove(outside, { recursive: true });
  }
});

Deno.test("fileService() says which names no path can have, and which memory is full", async () => {
  const backend = memoryFiles({ maxBytes: 4 });
  await backend.mkdir("/caf\udce9");
  const files = await offered(backend);
  const [info] = await Array.fromAsync(files.list("/"));
  deepStrictEqual([info?.name, info?.hasPath], ["caf\ufffd", false]);
  const full = { fault: "full" };
  await rejects(files.write("/a", parts(TEXT), { replace: false }), full);
});

Deno.test("fileService() has nothing for whoever has no files", async () => {
  const remoteAddr = { hostname: "127.0.0.1", port: 1 };
  const { signal } = new AbortController();
  strictEqual(await fileService(() => undefined)({ remoteAddr, signal }), undefined);
});
