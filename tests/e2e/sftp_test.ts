/** Files between nodes with the command line: alknet cp and alknet sftp. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, testOrSkip } from "../tools/skip.ts";
import { cliArgs, Machine, runProgram, type ServingNode } from "./support/cli.ts";
import { randomBytes, sameFiles } from "./support/sftp_server.ts";

interface Pair extends AsyncDisposable {
  /** Serves. */
  readonly a: Machine;
  /** Has joined it as the peer "b", and calls it "head". */
  readonly b: Machine;
  readonly node: ServingNode;
  /** What the node serves where nothing is configured. */
  readonly root: string;
  /** A path on b. */
  here(name: string): string;
}

async function joined(scopes: readonly string[], config?: string): Promise<Pair> {
  await using started = new AsyncDisposableStack();
  const a = started.use(await Machine.fresh());
  const b = started.use(await Machine.fresh());
  if (config) await a.write("alknet.toml", config);
  const node = started.use(await a.serve());
  strictEqual((await b.alknet("init")).code, 0);
  const { out } = await a.alknet("invite", ...scopes.flatMap((scope) => ["--scope", scope]));
  const { code, err } = await b.alknet("join", out.trim(), "--name", "b", "--as", "head");
  strictEqual(code, 0, err);
  const all = started.move();
  return {
    a,
    b,
    node,
    root: join(a.home, "files"),
    here: (name) => join(b.home, name),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

for (const transport of ["quic", "tls"]) {
  Deno.test(`files and trees go to a node and back over ${transport}`, async () => {
    await using pair = await joined(["sftp:read", "sftp:write"]);
    const by = ["--transport", transport];
    await Deno.writeFile(pair.here("big"), randomBytes(5_000_000));
    const up = await pair.b.json("cp", ...by, "--checksum", pair.here("big"), "head:");
    deepStrictEqual(up, { files: 1, bytes: 5_000_000, failures: [] });
    ok(await sameFiles(pair.here("big"), join(pair.root, "big")));
    strictEqual((await pair.b.alknet("cp", ...by, "head:big", "head:second")).code, 0);
    ok(await sameFiles(pair.here("big"), join(pair.root, "second")));
    strictEqual(((await Deno.stat(pair.root)).mode ?? 0) & 0o777, 0o700);

    for (let index = 0; index < 50; index++) {
      await Deno.mkdir(pair.here(`tree/${index % 5}`), { recursive: true });
      await Deno.writeTextFile(pair.here(`tree/${index % 5}/${index}`), `${index}`);
    }
    await Deno.utime(pair.here("tree/1/1"), 1_000, 2_000);
    strictEqual((await pair.b.alknet("cp", ...by, pair.here("tree"), "head:")).code, 2); // no -r
    const tree = await pair.b.json("cp", ...by, "-rp", pair.here("tree"), "head:copy");
    strictEqual(tree.files, 50);
    const back = await pair.b.alknet("cp", ...by, "-rp", "-j", "4", "head:copy", pair.here("back"));
    strictEqual(back.code, 0, back.err);
    strictEqual(await Deno.readTextFile(pair.here("back/4/49")), "49");
    strictEqual((await Deno.stat(pair.here("back/1/1"))).mtime?.getTime(), 2_000_000);
  });
}

Deno.test("a copy that was killed goes on where it was, both ways", async () => {
  await using pair = await joined(["sftp:*"]);
  const size = 300_000_000;
  await Deno.writeFile(pair.here("big"), randomBytes(size));
  for (
    const [from, to, directory] of [
      [pair.here("big"), "head:big", pair.root],
      ["head:big", pair.here("back"), pair.b.home],
    ] as const
  ) {
    const child = pair.b.spawn("cp", from, to);
    const part = await grown(directory, 40_000_000);
    child.kill("SIGKILL");
    await Promise.all([child.output(), child.stdin.close().catch(() => {})]);
    const partSize = (await Deno.stat(part)).size;
    ok(partSize < size, "it was done before it was killed");
    const { code, err } = await pair.b.alknet("cp", "--checksum", from, to);
    strictEqual(code, 0, err);
    strictEqual((await names(directory)).some((name) => name.endsWith(".part")), false);
  }
  ok(await sameFiles(pair.here("big"), pair.here("back")));
});

Deno.test("copying to a peer that nobody knows is one clear error, not a defect of the program", async () => {
  // The files of a node that was never reached were closed all the same, which hid the reason.
  await using machine = await Machine.fresh();
  strictEqual((await machine.alknet("init")).code, 0);
  const file = await machine.write("file", "text");
  const { code, err } = await machine.alknet("cp", file, "nowhere:file");
  strictEqual(code, 2);
  match(err, /^alknet: Unknown peer "nowhere": see "alknet peer list"/);
});

Deno.test("scopes decide who may read and write what", async () => {
  await using pair = await joined(["sftp:read:docs", "sftp:write:inbox"]);
  await Deno.mkdir(join(pair.root, "docs"), { recursive: true });
  await Deno.mkdir(join(pair.root, "inbox"));
  await Deno.writeTextFile(join(pair.root, "docs", "a"), "a");
  await Deno.writeTextFile(join(pair.root, "secret"), "secret");
  strictEqual((await pair.b.alknet("cp", "head:docs/a", pair.here("a"))).code, 0);
  strictEqual(await Deno.readTextFile(pair.here("a")), "a");
  const hidden = await pair.b.alknet("cp", "head:secret", pair.here("b"));
  strictEqual(hidden.code, 9);
  match(hidden.err, /secret.*No such file/);
  strictEqual((await pair.b.alknet("cp", pair.here("a"), "head:docs/b")).code, 5);
  await Deno.writeFile(pair.here("large"), randomBytes(2_000_000));
  const put = await pair.b.alknet("cp", pair.here("a"), pair.here("large"), "head:inbox/");
  strictEqual(put.code, 0, put.err);
  deepStrictEqual(await names(join(pair.root, "inbox")), ["a", "large"]);
  strictEqual((await pair.b.alknet("cp", "head:inbox/a", pair.here("x"))).code, 5);
  strictEqual((await pair.b.alknet("cp", "head:../../vault.json", pair.here("c"))).code, 9);
});

Deno.test("a peer without a scope of SFTP gets nothing", async () => {
  await using pair = await joined(["node:read"]);
  const { code, err } = await pair.b.alknet("sftp", "head");
  strictEqual(code, 5, err);
  deepStrictEqual(await names(pair.a.home).then((all) => all.includes("files")), false);
});

Deno.test("alknet sftp runs the lines it is given, and stops at the first that fails", async () => {
  await using pair = await joined(["sftp:*"]);
  await Deno.writeTextFile(pair.here("a b"), "hello");
  const lines = [
    "# a comment",
    "mkdir d",
    "cd d",
    `lcd "${pair.b.home}"`,
    "lpwd",
    'put "a b"',
    "-rm nothing",
    "ln -s a\\ b link",
    "chmod 600 a*",
    "ls -la",
    "get link back",
    "rename link other",
    "rm *",
    "df",
    "pwd",
    "cd nowhere",
    "mkdir never",
  ];
  const { code, out, err } = await pair.b.alknetWith({ stdin: lines.join("\n") }, "sftp", "head");
  strictEqual(code, 9);
  match(err, /No such file/);
  match(out, /-rw------- .* a b\n/);
  match(out, /lrwxrwxrwx .* link\n/);
  match(out, /FREE/);
  match(out, /\n\/d\n$/);
  strictEqual(await Deno.readTextFile(pair.here("back")), "hello");
  deepStrictEqual(await names(join(pair.root, "d")), []);
});

Deno.test("roots, folders, quotas and read-only are as configured", async () => {
  await using shared = await Machine.fresh(); // only a directory here
  await Deno.writeTextFile(join(shared.home, "shared"), "shared");
  await using pair = await joined(
    ["sftp:*"],
    `[sftp]
root = "${shared.home}/peers/{id}"
folders = ["/shared=${shared.home}"]
read_only_folders = ["/public=${shared.home}"]
quota_bytes = 1000
atomic = true
umask = "022"
`,
  );
  await Deno.writeFile(pair.here("fits"), randomBytes(800));
  await Deno.writeFile(pair.here("large"), randomBytes(300));
  strictEqual((await pair.b.alknet("cp", pair.here("fits"), "head:")).code, 0);
  const { mode } = await Deno.stat(join(shared.home, "peers", "b", "fits"));
  strictEqual((mode ?? 0) & 0o777, 0o644);
  const over = await pair.b.alknet("cp", pair.here("large"), "head:");
  strictEqual(over.code, 9);
  match(over.err, /Quota exceeded/);
  deepStrictEqual(await names(join(shared.home, "peers", "b")), ["fits"]);
  strictEqual((await pair.b.alknet("cp", "head:public/shared", pair.here("s"))).code, 0);
  strictEqual((await pair.b.alknet("cp", pair.here("s"), "head:public/new")).code, 5);
  strictEqual((await pair.b.alknet("cp", pair.here("large"), "head:shared/new")).code, 0);
});

for (const transport of ["quic", "tls"]) {
  testOrSkip(
    `OpenSSH's sftp speaks to a node through alknet connect, over ${transport}`,
    missing("sftp"),
    async () => {
      await using pair = await joined(["sftp:*"]);
      await Deno.writeFile(pair.here("big"), randomBytes(3_000_000));
      const connect = [Deno.execPath(), ...cliArgs(), "connect", "head", "--alpn", "alknet/sftp"];
      const program = await pair.b.write(
        "through",
        `#!/bin/sh\nexec ${quoted(connect)} --transport ${transport}\n`,
      );
      await Deno.chmod(program, 0o755);
      const lines = [`put "${pair.here("big")}" big`, `get big "${pair.here("back")}"`, "ls -l"];
      const args = ["-q", "-D", program.replaceAll(" ", "\\ "), "-b", "-"];
      const outcome = await runProgram("sftp", args, { stdin: lines.join("\n"), env: pair.b.env });
      strictEqual(outcome.code, 0, outcome.err);
      match(outcome.out, /3000000 .* big/);
      ok(await sameFiles(pair.here("big"), pair.here("back")));
    },
  );
}

Deno.test("removing a peer ends its session", async () => {
  await using pair = await joined(["sftp:*"]);
  const session = pair.b.spawn("sftp", "head");
  const writer = session.stdin.getWriter();
  await writer.write(new TextEncoder().encode("pwd\n"));
  const reader = session.stdout.getReader();
  await reader.read();
  strictEqual((await pair.a.alknet("peer", "remove", "b")).code, 0);
  await writer.write(new TextEncoder().encode("ls\nls\nls\n")).catch(() => {});
  const { code } = await session.status;
  strictEqual(code === 0, false);
  await Promise.all([writer.close().catch(() => {}), reader.cancel(), session.stderr.cancel()]);
});

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(" ");
}

/** Waits until a part of a copy has so many bytes; returns its path. */
async function grown(directory: string, bytes: number): Promise<string> {
  for (;;) {
    const part = (await names(directory)).find((name) => name.endsWith(".part"));
    const path = part && join(directory, part);
    if (path && (await Deno.stat(path)).size >= bytes) return path;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function names(directory: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
