import { ok, rejects, strictEqual } from "node:assert/strict";

import { localFiles, memoryFiles, quotaFiles } from "../mod.ts";
import { bytesOf, put, READ, session, temporary, WRITE } from "../testdata/support.ts";

const FULL = /Quota exceeded/;

Deno.test("quotaFiles() counts what is there and lets in what fits", async () => {
  const all = memoryFiles();
  await all.mkdir("/d");
  await put(all, "/d/a", "12345");
  const files = quotaFiles(all, { maxBytes: 10, maxFiles: 4 });
  await put(files, "/b", "12345");
  await rejects(put(files, "/c", "1"), FULL);
  await rejects(async () => await files.mkdir("/e"), FULL); // "/c" is there, and empty
  await files.remove("/d/a");
  await put(files, "/c", "12345");
  await rejects(put(files, "/c", "123456"), FULL);
});

Deno.test("quotaFiles() gives back what is truncated, replaced and removed", async () => {
  const files = quotaFiles(memoryFiles(), { maxBytes: 10, maxFiles: 3 });
  await put(files, "/a", "1234567890");
  await files.setstat("/a", { size: 4 }, { follow: true });
  await put(files, "/b", "123456");
  await rejects(async () => await files.setstat("/b", { size: 7 }, { follow: true }), FULL);
  await files.rename("/b", "/a", { replace: true });
  await put(files, "/c", "1234");
  await files.symlink("/l", "a");
  await rejects(async () => await files.symlink("/m", "a"), FULL);
  await files.remove("/l");
  await put(files, "/a", "");
  await put(files, "/c", "1234567890");
});

Deno.test("quotaFiles() counts holes, and appending, and copies within the server", async () => {
  await using pair = await session(quotaFiles(memoryFiles(), { maxBytes: 10 }));
  const { client } = pair;
  const file = await client.open("/a", { ...WRITE, read: true });
  await rejects(file.write(bytesOf("x"), 1e12), FULL);
  await file.write(bytesOf("x"), 4);
  await file.close();
  const more = await client.open("/a", { ...WRITE, truncate: false, append: true });
  await more.write(bytesOf("12345"), 0);
  await rejects(more.write(bytesOf("1"), 0), FULL);
  await more.close();
  const source = await client.open("/a", READ);
  const goal = await client.open("/b", WRITE);
  await rejects(client.copyData(source, goal), FULL);
  await source.close();
  await goal.close();
});

Deno.test("a removed file keeps its room while it is open, and then gives it back", async () => {
  const files = quotaFiles(memoryFiles(), { maxBytes: 10 });
  const file = await files.open("/a", WRITE);
  await file.write(bytesOf("12345678"), 0);
  await files.remove("/a");
  await rejects(put(files, "/b", "123"), FULL);
  await file.close();
  await put(files, "/b", "1234567890");
});

Deno.test("a hard link takes a place and no bytes, until the last name goes", async () => {
  const files = quotaFiles(memoryFiles(), { maxBytes: 10, maxFiles: 2 });
  await put(files, "/a", "1234567890");
  await files.link("/a", "/b");
  await rejects(async () => await files.link("/a", "/c"), FULL);
  await files.remove("/a");
  await rejects(put(files, "/c", "1"), FULL);
  await files.remove("/b");
  await put(files, "/c", "1234567890");
});

Deno.test("many sessions writing at once never get more than the quota", async () => {
  await using directory = await temporary();
  const files = quotaFiles(await localFiles(directory.path), { maxBytes: 100_000, maxFiles: 30 });
  let refused = 0;
  await Promise.all(Array.from({ length: 8 }, async (_, index) => {
    await using pair = await session(files);
    for (let round = 0; round < 40; round++) {
      const path = `/${(index + round) % 40}`; // names shared by several sessions
      try {
        const file = await pair.client.open(path, { ...WRITE, truncate: round % 2 === 0 });
        const writes = Array.from(
          { length: 5 },
          (_, part) => file.write(new Uint8Array(1_700), part * 1_700),
        );
        for (const result of await Promise.allSettled(writes)) {
          if (result.status === "rejected") refused++;
        }
        await file.close();
        if (round % 7 === 0) await pair.client.remove(path);
      } catch {
        refused++; // no place for another file, or another session was quicker to remove it
      }
      ok(takenIn(directory.path) <= 100_000, "more bytes than the quota");
    }
  }));
  ok(refused > 0, "the bound was never met");
  const names = (await Array.fromAsync(Deno.readDir(directory.path))).length;
  ok(names <= 30, `${names} files`);
  // What the ledger thinks is what there is: exactly the rest fits.
  for (const { name } of await Array.fromAsync(Deno.readDir(directory.path))) {
    await files.remove(`/${name}`);
  }
  await put(files, "/all", new Uint8Array(100_000));
  strictEqual((await files.stat("/all")).size, 100_000);
});

/** In one turn, so that it is one moment that is measured. */
function takenIn(directory: string): number {
  return [...Deno.readDirSync(directory)]
    .reduce((sum, { name }) => sum + Deno.statSync(`${directory}/${name}`).size, 0);
}
