/** Attempts to leave the served directory. */
import { ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { type FileBackend, localFiles, SftpError } from "../../mod.ts";
import {
  contentsOf,
  namesIn,
  put,
  READ,
  session,
  temporary,
  WRITE,
} from "../../testdata/support.ts";

interface Scene extends AsyncDisposable {
  /** Real paths of the served directory, of a secret beside it, and of both's parent. */
  readonly root: string;
  readonly outside: string;
  readonly files: FileBackend;
}

async function scene(): Promise<Scene> {
  const base = await temporary();
  const root = join(base.path, "root");
  const outside = join(base.path, "outside");
  await Deno.mkdir(join(root, "d"), { recursive: true });
  await Deno.mkdir(outside);
  await Deno.writeTextFile(join(outside, "secret"), "secret");
  await Deno.writeTextFile(join(root, "d", "inner"), "inner");
  const files = await localFiles(root);
  return { root, outside, files, [Symbol.asyncDispose]: () => base[Symbol.asyncDispose]() };
}

/** Everything a client can do with a path that ought not to be reachable. */
const ATTEMPTS: Readonly<Record<string, (files: FileBackend, path: string) => unknown>> = {
  open: (files, path) => files.open(path, READ),
  overwrite: (files, path) => files.open(path, WRITE),
  append: (files, path) => files.open(path, { ...WRITE, truncate: false, append: true }),
  stat: (files, path) => files.stat(path),
  setstat: (files, path) => files.setstat(path, { mode: 0o777 }, { follow: true }),
  truncate: (files, path) => files.setstat(path, { size: 0 }, { follow: true }),
  realpath: (files, path) => files.realpath(path),
  statvfs: (files, path) => files.statvfs(path),
};

const THROUGH_DIRECTORY: typeof ATTEMPTS = {
  ...ATTEMPTS,
  lstat: (files, path) => files.lstat(path),
  list: (files, path) => files.list(path.slice(0, path.lastIndexOf("/"))),
  remove: (files, path) => files.remove(path),
  mkdir: (files, path) => files.mkdir(`${path}-new`),
  rmdir: (files, path) => files.rmdir(path),
  "rename from": (files, path) => files.rename(path, "/stolen", { replace: true }),
  "rename to": (files, path) => files.rename("/d/inner", path, { replace: true }),
  "link from": (files, path) => files.link(path, "/stolen"),
  "link to": (files, path) => files.link("/d/inner", `${path}-new`),
  readlink: (files, path) => files.readlink(path),
  symlink: (files, path) => files.symlink(`${path}-new`, "x"),
  create: (files, path) => files.open(`${path}-new`, WRITE),
  subtree: (files, path) => files.subtree(path.slice(0, path.lastIndexOf("/"))),
};

async function refused(files: FileBackend, attempts: typeof ATTEMPTS, path: string): Promise<void> {
  for (const [name, attempt] of Object.entries(attempts)) {
    await rejects(async () => await attempt(files, path), SftpError, `${name} ${path}`);
  }
}

async function assertUntouched({ outside, files }: Scene): Promise<void> {
  strictEqual(await Deno.readTextFile(join(outside, "secret")), "secret");
  strictEqual((await Array.fromAsync(Deno.readDir(outside))).length, 1);
  strictEqual(((await Deno.stat(join(outside, "secret"))).mode ?? 0) & 0o002, 0);
  strictEqual(await contentsOf(files, "/d/inner"), "inner");
}

for (const target of ["absolute", "relative"] as const) {
  Deno.test(`a link to a file outside, ${target}, lets nobody at the file`, async () => {
    await using it = await scene();
    const link = target === "absolute" ? join(it.outside, "secret") : "../outside/secret";
    await Deno.symlink(link, join(it.root, "l"));
    await refused(it.files, ATTEMPTS, "/l");
    if (target === "absolute") await rejects(async () => await it.files.readlink("/l"), SftpError);
    await assertUntouched(it);
    await it.files.remove("/l"); // the link itself is the client's
    await assertUntouched(it);
  });

  Deno.test(`a link to a directory outside, ${target}, leads nowhere`, async () => {
    await using it = await scene();
    await Deno.symlink(target === "absolute" ? it.outside : "../outside", join(it.root, "l"));
    await refused(it.files, THROUGH_DIRECTORY, "/l/secret");
    await assertUntouched(it);
  });
}

Deno.test("links within links that lead out are refused at the last step", async () => {
  await using it = await scene();
  await Deno.symlink("d/b", join(it.root, "a"));
  await Deno.symlink("../c", join(it.root, "d", "b"));
  await Deno.symlink("../outside", join(it.root, "c"));
  await refused(it.files, THROUGH_DIRECTORY, "/a/secret");
  await assertUntouched(it);
});

Deno.test("clients can make no link that leads out", async () => {
  await using it = await scene();
  for (const target of ["../outside", "../../x", "d/../../outside", "/../outside", "", "a\0b"]) {
    await rejects(async () => await it.files.symlink("/new", target), SftpError, target);
  }
  await it.files.symlink("/d/up", "../d");
  strictEqual(await it.files.realpath("/d/up/inner"), "/d/inner");
  await it.files.symlink("/etc", "/etc"); // means the client's own root, where there is none
  await rejects(async () => await it.files.open("/etc/passwd", READ), SftpError);
});

Deno.test("a directory that was moved out under an open session serves nothing there", async () => {
  await using it = await scene();
  const directory = await it.files.list("/d");
  await Deno.rename(join(it.root, "d"), join(it.outside, "d"));
  await directory.close();
  await rejects(async () => await it.files.open("/d/inner", READ), SftpError);
  await rejects(async () => await it.files.list("/d"), SftpError);
});

Deno.test("pipes, sockets and devices are not opened, and hold nobody up", async () => {
  await using it = await scene();
  const { success } = await new Deno.Command("mkfifo", { args: [join(it.root, "p")] }).output();
  ok(success);
  await Deno.symlink("p", join(it.root, "lp"));
  using socket = Deno.listen({ transport: "unix", path: join(it.root, "s") });
  ok(socket);
  for (const path of ["/p", "/lp", "/s"]) {
    await rejects(async () => await it.files.open(path, READ), SftpError);
    await rejects(async () => await it.files.open(path, WRITE), SftpError);
  }
});

Deno.test("paths of a session stay below the root however they are written", async () => {
  await using it = await scene();
  await using pair = await session(it.files);
  const { client } = pair;
  const up = ["../outside/secret", "/../../outside/secret", "d/../../outside/secret"];
  for (const path of [...up, "\0", "d\0/inner", "n".repeat(65_536), `${"d/".repeat(30_000)}x`]) {
    await rejects(client.stat(path), SftpError);
    await rejects(client.open(path, READ), SftpError);
    await rejects(client.rename(path, "/stolen"), SftpError);
  }
  strictEqual(await client.realpath("../../../.."), "/");
  await assertUntouched(it);
});

Deno.test("swapping a directory for a link, over and over, never lets a client out", async () => {
  await using it = await scene();
  const swapper = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("../../testdata/swap.ts", import.meta.url).pathname],
    cwd: it.root,
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = swapper.stdout.getReader();
  await reader.read(); // it runs
  let reached = 0;
  let refusals = 0;
  const attempts: readonly ((index: number) => unknown)[] = [
    async () => {
      const contents = await contentsOf(it.files, "/d/inner");
      ok(contents === "inner" || contents === "", contents);
    },
    (index) => put(it.files, `/d/w${index % 9}`, "w"),
    (index) => it.files.mkdir(`/d/m${index % 9}`),
    (index) => it.files.rename("/mine", `/d/r${index % 9}`, { replace: true }),
    (index) => it.files.link("/mine", `/d/l${index % 9}`),
    async () => ok(!(await namesIn(it.files, "/d")).includes("secret")),
    () => it.files.remove("/d/secret"),
    () => it.files.setstat("/d/secret", { size: 0 }, { follow: true }),
    async () => await (await it.files.open("/d/secret", { ...WRITE, create: false })).close(),
  ];
  try {
    for (let index = 0; index < 3_000; index++) {
      await put(it.files, "/mine", "mine").catch(() => {});
      try {
        await attempts[index % attempts.length]?.(index);
        reached++;
      } catch (error) {
        ok(error instanceof SftpError, String(error));
        refusals++;
      }
    }
  } finally {
    swapper.kill("SIGKILL");
    await swapper.status;
    await reader.cancel();
  }
  strictEqual(await Deno.readTextFile(join(it.outside, "secret")), "secret");
  strictEqual(
    (await Array.fromAsync(Deno.readDir(it.outside))).map(({ name }) => name).join(),
    "secret",
  );
  ok(reached > 0 && refusals > 0, `${reached} reached, ${refusals} refused: no race was run`);
});
