import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import { atomicUploads, memoryFiles } from "../mod.ts";
import { bytesOf, contentsOf, namesIn, put, session, WRITE } from "../testdata/support.ts";

Deno.test("an upload appears when it is closed, for the others", async () => {
  const all = memoryFiles();
  await put(all, "/a", "old");
  await using pair = await session(atomicUploads(all));
  const file = await pair.client.open("/a", WRITE);
  await file.write(bytesOf("new contents"), 0);
  strictEqual(await contentsOf(all, "/a"), "old");
  strictEqual((await pair.client.stat("/a")).size, 12); // its own session sees it, as sshfs expects
  await pair.client.setstat("/a", { mode: 0o640 });
  await file.close();
  strictEqual(await contentsOf(all, "/a"), "new contents");
  strictEqual((await all.stat("/a")).mode & 0o777, 0o640);
  deepStrictEqual(await namesIn(all, "/"), ["a"]);
});

Deno.test("an upload whose client vanishes changes nothing and leaves nothing", async () => {
  const all = memoryFiles();
  await put(all, "/a", "old");
  const stop = new AbortController();
  const pair = await session(atomicUploads(all), { signal: stop.signal });
  const file = await pair.client.open("/a", WRITE);
  await file.write(bytesOf("half"), 0);
  stop.abort();
  await rejects(pair.client.stat("/a"));
  await pair.serving.catch(() => {});
  strictEqual(await contentsOf(all, "/a"), "old");
  deepStrictEqual(await namesIn(all, "/"), ["a"]);
});

Deno.test("an upload of which a write failed does not appear", async () => {
  const all = memoryFiles({ maxBytes: 5 });
  await put(all, "/a", "old");
  const file = await atomicUploads(all).open("/a", WRITE);
  await rejects(async () => await file.write(bytesOf("too long"), 0));
  await rejects(async () => await file.close());
  strictEqual(await contentsOf(all, "/a"), "old");
  deepStrictEqual(await namesIn(all, "/"), ["a"]);
});

Deno.test("an upload to a link replaces what the link leads to", async () => {
  const all = memoryFiles();
  await all.mkdir("/d");
  await put(all, "/d/a", "old");
  await all.symlink("/l", "d/a");
  await put(atomicUploads(all), "/l", "new");
  strictEqual(await all.readlink("/l"), "d/a");
  strictEqual(await contentsOf(all, "/d/a"), "new");
});
