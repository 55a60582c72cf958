import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import type { FileBackend } from "../backend.ts";
import { quotaFiles } from "../backends/quota_files.ts";
import { connectSftp, memoryFiles, serveSession, StatusCode } from "../mod.ts";
import { contentsOf, namesIn, put, replacing, streamPair } from "../testdata/support.ts";
import { type TransferProgress, WebFiles } from "./web_files.ts";

const BIG = new Uint8Array(5_000_017).map((_, index) => index * 7);

/** Files of a page over a session in memory. */
async function filesOf(backend: FileBackend): Promise<WebFiles> {
  const { near, far, close } = await streamPair();
  serveSession(far, backend);
  return new WebFiles(await connectSftp(near), { carrier: "websocket", stream: near, close });
}

Deno.test("a file goes up and down again, and both tell how far they are", async () => {
  const backend = memoryFiles();
  await using files = await filesOf(backend);
  const up: TransferProgress[] = [];
  await files.write("/big", new Blob([BIG]), { onProgress: (progress) => up.push(progress) });
  deepStrictEqual(up.at(-1), { bytes: BIG.length, total: BIG.length });
  ok(up.length > 2 && up.every(({ bytes }, at) => bytes > (up[at - 1]?.bytes ?? 0)));
  strictEqual((await files.stat("/big")).size, BIG.length);

  const down: TransferProgress[] = [];
  const contents = await files.read("/big", { onProgress: (progress) => down.push(progress) });
  deepStrictEqual(await new Response(contents).bytes(), BIG);
  deepStrictEqual(down.at(-1), { bytes: BIG.length, total: BIG.length });
  const range = await files.read("/big", { begin: 1_000_000, end: 1_000_005 });
  deepStrictEqual(await new Response(range).bytes(), BIG.subarray(1_000_000, 1_000_005));
  for (const [begin, end] of [[0, 0], [9, 3], [BIG.length, undefined]] as const) {
    const nothing = await files.read("/big", { begin, end });
    strictEqual((await new Response(nothing).bytes()).length, 0);
  }
  await files.write("/empty", new Blob([]));
  strictEqual(await contentsOf(backend, "/empty"), "");
});

Deno.test("an upload that fails or is broken off leaves nothing, and what was there stays", async () => {
  const backend = memoryFiles();
  await put(backend, "/a", "old");
  await using files = await filesOf(backend);
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new RangeError("Disk is gone")),
  });
  await rejects(files.write("/a", broken, { replace: true }), RangeError);
  const stop = new AbortController();
  const { signal } = stop;
  const stopped = files.write("/b", new Blob([BIG]), { signal, onProgress: () => stop.abort() });
  await rejects(stopped, { name: "AbortError" });
  await rejects(files.write("/a", new Blob(["new"])), { status: StatusCode.Failure });
  deepStrictEqual(await namesIn(backend, "/"), ["a"]);
  strictEqual(await contentsOf(backend, "/a"), "old");
  await files.write("/a", new Blob(["new"]), { replace: true });
  strictEqual(await contentsOf(backend, "/a"), "new");
});

Deno.test("what a server refuses is an SftpError", async () => {
  await using files = await filesOf(quotaFiles(memoryFiles(), { maxBytes: 1_000_000 }));
  await rejects(files.write("/big", new Blob([BIG])), { message: "Quota exceeded" });
  await rejects(files.read("/none"), { status: StatusCode.NoSuchFile });
  await rejects(Array.fromAsync(files.list("/none")), { status: StatusCode.NoSuchFile });
  deepStrictEqual(await Array.fromAsync(files.list("/")), []);
});

Deno.test("a download gives its file back: at its end, when it is left, and when it fails", async () => {
  const backend = memoryFiles();
  await put(backend, "/big", BIG);
  let open = 0;
  const counting = replacing(backend, {
    async open(path, mode) {
      const file = await backend.open(path, mode);
      open++;
      const counted = Object.create(file);
      return Object.assign(counted, {
        read: (buffer: Uint8Array, at: number) => at > 4_000_000 ? 0 : file.read(buffer, at),
        stat: () => file.stat(),
        close: () => void open--,
      });
    },
  });
  await using files = await filesOf(counting);
  const left = (await files.read("/big")).getReader();
  await left.read();
  await left.cancel();
  strictEqual(open, 0);
  const failing = await files.read("/big");
  await rejects(new Response(failing).bytes(), { message: "File became shorter meanwhile" });
  strictEqual(open, 0);
  const stop = new AbortController();
  const stopped = await files.read("/big", { signal: stop.signal });
  stop.abort();
  await rejects(new Response(stopped).bytes(), { name: "AbortError" });
  strictEqual(open, 0);
});
