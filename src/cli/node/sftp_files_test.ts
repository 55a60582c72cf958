import type { FileService, StreamContext } from "@alknet/core";
import type { FileBackend } from "@alknet/sftp";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { type Config, configOf } from "../config/config.ts";
import { type SftpConfig, sftpConfigOf } from "../config/sftp.ts";
import { parseToml } from "../config/read_tables.ts";
import { dashboardFiles, sftpFiles } from "./sftp_files.ts";

const NOTHING: SftpConfig = sftpConfigOf({
  string: (key) => key === "umask" ? "077" : "",
  strings: () => [],
  integer: () => 0,
  boolean: () => false,
  has: () => false,
  error: (_key, problem) => {
    throw new TypeError(problem);
  },
});

function as(id: string, ...scopes: string[]): StreamContext {
  const { signal } = new AbortController();
  const remoteAddr = { hostname: "127.0.0.1", port: 1 };
  return { identity: { id, scopes, resources: {} }, remoteAddr, signal };
}

async function names(files: FileBackend | undefined): Promise<string[]> {
  const directory = await files?.list("/");
  const found = (await directory?.next(100) ?? []).map(({ name }) => name).sort();
  await directory?.close();
  return found;
}

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("sftpFiles() makes the default directory for the first who may use it, and for nobody else", () =>
  inDirectory(async (base) => {
    const files = sftpFiles(NOTHING, join(base, "files"));
    strictEqual(await files(as("a", "git:*")), undefined);
    await rejects(Deno.stat(join(base, "files")), Deno.errors.NotFound);
    await (await files(as("a", "sftp:*")))?.mkdir("/d");
    strictEqual(((await Deno.stat(join(base, "files"))).mode ?? 0) & 0o777, 0o700);
    deepStrictEqual(await names(await files(as("b", "sftp:read"))), ["d"]);
  }));

Deno.test("sftpFiles() gives each peer a directory, and none to a peer whose name is no name for one", () =>
  inDirectory(async (base) => {
    const files = sftpFiles({ ...NOTHING, root: join(base, "{id}") }, "");
    await (await files(as("ann", "*")))?.mkdir("/hers");
    deepStrictEqual(await names(await files(as("bob", "*"))), []);
    deepStrictEqual(await names(await files(as("ann", "sftp:*"))), ["hers"]);
    for (const id of ["..", ".", "a/b", "../bob", "", "\0"]) {
      strictEqual(await files(as(id, "*")), undefined, id);
    }
  }));

Deno.test("sftpFiles() leaves out a folder that is not there, and serves the rest", () =>
  inDirectory(async (base) => {
    await Deno.mkdir(join(base, "disk"));
    const folders = [
      { path: "/disk", directory: join(base, "disk"), readOnly: false },
      { path: "/gone", directory: join(base, "gone"), readOnly: false },
    ];
    const files = sftpFiles({ ...NOTHING, folders }, join(base, "files"));
    deepStrictEqual(await names(await files(as("a", "*"))), ["disk"]);
  }));

Deno.test("sftpFiles() has one quota for all sessions of a root", () =>
  inDirectory(async (base) => {
    const files = sftpFiles({ ...NOTHING, quotaFiles: 2 }, join(base, "files"));
    await (await files(as("a", "*")))?.mkdir("/1");
    await (await files(as("b", "*")))?.mkdir("/2");
    const third = await files(as("c", "sftp:*"));
    await rejects(async () => await third?.mkdir("/3"), /Quota exceeded/);
  }));

Deno.test("dashboardFiles() has the files of SFTP, with its quota, where a node serves them at all", () =>
  inDirectory(async (base) => {
    const config = (toml: string): Config => configOf(parseToml("alknet.toml", toml));
    const files = sftpFiles({ ...NOTHING, quotaFiles: 1 }, base);
    const served = (toml: string): FileService | undefined => dashboardFiles(files, config(toml));
    strictEqual(served('[handlers]\nenabled = ["http"]'), undefined);
    strictEqual(served('[handlers]\nenabled = ["ssh"]\n[ssh]\noffer = ["shell"]'), undefined);
    ok(served('[handlers]\nenabled = ["ssh"]\n[ssh]\noffer = ["sftp"]'));
    const service = served('[handlers]\nenabled = ["sftp"]');
    strictEqual(await service?.(as("a", "git:*")), undefined);
    const shown = await service?.(as("a", "sftp:*"));
    await shown?.makeFolder("/d");
    await rejects(async () => await (await files(as("b", "*")))?.mkdir("/e"), /Quota exceeded/);
    await rejects(async () => await shown?.makeFolder("/e"), { fault: "quota" });
    const reader = await service?.(as("c", "sftp:read"));
    await rejects(async () => await reader?.remove("/d"), { fault: "denied" });
  }));
