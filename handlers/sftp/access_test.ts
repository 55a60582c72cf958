import type { Identity } from "@alknet/core";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { type FileBackend, localFiles, memoryFiles, permittedFiles, SftpError } from "./mod.ts";
import { contentsOf, namesIn, put, READ, temporary, WRITE } from "./testdata/support.ts";

function identity(...scopes: string[]): Identity {
  return { id: "ci", scopes, resources: {} };
}

async function tree(files: FileBackend = memoryFiles()): Promise<FileBackend> {
  for (const path of ["/docs", "/docs/a", "/docsecret", "/team", "/team/red"]) {
    await files.mkdir(path);
    await put(files, `${path}/file`, path);
  }
  return files;
}

async function permitted(...scopes: string[]): Promise<FileBackend> {
  const files = await permittedFiles(await tree(), identity(...scopes));
  ok(files);
  return files;
}

async function denied(attempt: () => unknown): Promise<void> {
  await rejects(async () => await attempt(), SftpError);
}

Deno.test("without a scope of SFTP there are no files", async () => {
  for (const scopes of [[], ["git:*"], ["sftp:read:nowhere"], ["sftp:list:docs"]]) {
    strictEqual(await permittedFiles(await tree(), identity(...scopes)), undefined);
  }
  strictEqual(await permittedFiles(await tree(), undefined), undefined);
});

Deno.test("sftp:read lets read everything and change nothing", async () => {
  const files = await permitted("sftp:read");
  strictEqual(await contentsOf(files, "/docs/file"), "/docs");
  const changes: readonly (() => unknown)[] = [
    () => files.open("/new", WRITE),
    () => files.open("/docs/file", { ...READ, write: true }),
    () => files.setstat("/docs/file", { mode: 0 }, { follow: true }),
    () => files.remove("/docs/file"),
    () => files.mkdir("/new"),
    () => files.rmdir("/docs/a"),
    () => files.rename("/docs/file", "/x", { replace: false }),
    () => files.link("/docs/file", "/x"),
    () => files.symlink("/x", "docs"),
  ];
  for (const change of changes) await denied(change);
  strictEqual((await files.statvfs("/")).readOnly, true);
});

Deno.test("sftp:write alone is a letter box: files go in and cannot be read", async () => {
  const files = await permitted("sftp:write");
  await put(files, "/new", "x");
  strictEqual((await files.stat("/new")).size, 1);
  await denied(() => files.open("/new", READ));
  await denied(() => files.open("/new", { ...WRITE, read: true }));
  await denied(() => files.list("/"));
});

Deno.test("both scopes, sftp:* and * give everything", async () => {
  for (const scopes of [["sftp:read", "sftp:write"], ["sftp:*"], ["*"]]) {
    const files = await permitted(...scopes);
    await put(files, "/new", "x");
    strictEqual(await contentsOf(files, "/new"), "x");
  }
});

Deno.test("a folder in a scope is all there is to see", async () => {
  const files = await permitted("sftp:read:docs", "sftp:read:team/red", "sftp:write:team/red");
  deepStrictEqual(await namesIn(files, "/"), ["docs", "team"]);
  deepStrictEqual(await namesIn(files, "/team"), ["red"]);
  strictEqual(await contentsOf(files, "/docs/a/file"), "/docs/a");
  await put(files, "/team/red/new", "x");
  await denied(() => files.open("/team/file", READ));
  await denied(() => files.stat("/docsecret"));
  await denied(() => files.open("/docsecret/file", READ));
  await denied(() => files.open("/docs/new", WRITE));
  await denied(() => files.rename("/team/red", "/team/blue", { replace: false }));
  await denied(() => files.rmdir("/docs"));
  await denied(() => files.mkdir("/new"));
});

Deno.test("a wider scope holds in a folder that another one names", async () => {
  const files = await permitted("sftp:read", "sftp:write:docs");
  await put(files, "/docs/new", "x");
  strictEqual(await contentsOf(files, "/docs/new"), "x");
  strictEqual(await contentsOf(files, "/team/file"), "/team");
  await denied(() => files.open("/team/new", WRITE));
  await denied(() => files.rename("/docs/new", "/team/new", { replace: false }));
});

Deno.test("a folder whose name has a colon is not in the scope of the part before it", async () => {
  // hasScope() compares segments: asked for "sftp:read:docs:x" it would say yes to "sftp:read:docs".
  const all = await tree();
  await all.mkdir("/docs:x");
  await put(all, "/docs:x/file", "secret");
  const files = await permittedFiles(all, identity("sftp:read:docs"));
  await denied(() => files?.open("/docs:x/file", READ));
});

Deno.test("no more than 64 folders in scopes are taken up", async () => {
  const all = memoryFiles();
  const scopes: string[] = [];
  for (let index = 0; index < 70; index++) {
    await all.mkdir(`/d${index}`);
    scopes.push(`sftp:read:d${index}`);
  }
  const files = await permittedFiles(all, identity(...scopes));
  ok(files);
  strictEqual((await namesIn(files, "/")).length, 64);
});

for (const kind of ["memory", "local"] as const) {
  Deno.test(`no link leads from a permitted folder to the rest, ${kind} files`, async () => {
    await using directory = await temporary();
    const all = await tree(kind === "memory" ? memoryFiles() : await localFiles(directory.path));
    await all.symlink("/docs/out", "../docsecret");
    await all.symlink("/docs/abs", "/docsecret");
    const files = await permittedFiles(all, identity("sftp:read:docs", "sftp:write:docs"));
    ok(files);
    for (const path of ["/docs/out/file", "/docs/abs/file"]) {
      await denied(() => files.open(path, READ));
      await denied(() => files.open(path, WRITE));
      await denied(() => files.stat(path));
    }
    strictEqual(await contentsOf(all, "/docsecret/file"), "/docsecret");
    await files.symlink("/docs/in", "/docs/a");
    strictEqual(await contentsOf(files, "/docs/in/file"), "/docs/a");
    strictEqual(await files.readlink("/docs/in"), "/docs/a");
    await denied(() => files.symlink("/docs/bad", "/team"));
  });
}
