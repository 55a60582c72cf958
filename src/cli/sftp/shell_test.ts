import { memoryPair } from "@alknet/core/testing";
import {
  connectSftp,
  type FileBackend,
  memoryFiles,
  serveSession,
  type SftpClient,
} from "@alknet/sftp";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { expandGlob, globMatcher } from "./glob.ts";
import { Progress } from "./progress.ts";
import { Shell } from "./shell.ts";
import { SHELL_COMMANDS } from "./shell_commands.ts";

interface Scene extends AsyncDisposable {
  readonly client: SftpClient;
  readonly shell: Shell;
  /** What was printed for people. */
  readonly lines: string[];
}

async function scene(files: FileBackend = memoryFiles()): Promise<Scene> {
  const [near, far] = memoryPair();
  const stream = await near.openStream();
  const connecting = connectSftp(stream);
  for await (const incoming of far.streams) {
    const serving = serveSession(incoming, files);
    const client = await connecting;
    const lines: string[] = [];
    return {
      client,
      lines,
      shell: new Shell(client, terminal(lines), SHELL_COMMANDS),
      [Symbol.asyncDispose]: async () => {
        await client[Symbol.asyncDispose]();
        await serving;
        near.close();
      },
    };
  }
  throw new TypeError("No stream came");
}

function terminal(lines: string[]): Terminal {
  const same = (text: string): string => text;
  return {
    json: false,
    line: (text = "") => lines.push(text),
    data: () => {},
    note: () => {},
    style: { bold: same, dim: same, green: same, red: same, cyan: same },
  };
}

async function names(...wanted: string[]): Promise<FileBackend> {
  const files = memoryFiles();
  for (const name of wanted) await files.mkdir(name);
  return files;
}

Deno.test("the shell completes commands, and names of the side a command works on", async () => {
  await using it = await scene(await names("/docs", "/docs/my file", "/download"));
  deepStrictEqual(await it.shell.complete("mk"), [["mkdir"], "mk"]);
  deepStrictEqual(await it.shell.complete("cd do"), [["docs/", "download/"], "do"]);
  deepStrictEqual(await it.shell.complete("rmdir docs/my\\ "), [["docs/my\\ file/"], "docs/my\\ "]);
  deepStrictEqual(await it.shell.complete("cd none/"), [[], "none/"]);
  deepStrictEqual(await it.shell.complete("pwd x"), [[], "x"]);
  it.shell.state.localDirectory = new URL("..", import.meta.url).pathname;
  deepStrictEqual(await it.shell.complete("lcd comma"), [["commands/"], "comma"]);
});

Deno.test("the shell remembers where it is, and shows names without what controls a terminal", async () => {
  await using it = await scene(await names("/d", "/d/\x1b[31mred"));
  await it.shell.run("cd d");
  await it.shell.run("pwd");
  await it.shell.run("ls");
  await it.shell.run("cd ..");
  await it.shell.run("pwd");
  deepStrictEqual(it.lines, ["/d", "?[31mred/", "/"]);
});

Deno.test("the shell refuses commands that are none, and ones used in another way", async () => {
  await using it = await scene();
  for (const line of ["nonsense", "mkdir", "chmod 9 x", "put", "cd /none", "rm *.txt"]) {
    await rejects(it.shell.run(line), Error, line);
  }
  await it.shell.run("");
  strictEqual(it.shell.state.ended, false);
  await it.shell.run("bye");
  strictEqual(it.shell.state.ended, true);
});

Deno.test("rm -r removes trees, and not what links in them lead to", async () => {
  const files = await names("/a", "/a/b", "/kept", "/kept/inner");
  await files.symlink("/a/b/link", "/kept");
  await using it = await scene(files);
  await it.shell.run("rm -r a");
  await it.shell.run("ls");
  deepStrictEqual(it.lines, ["kept/"]);
  strictEqual((await it.client.stat("/kept/inner")).size, 0);
});

for (
  const [pattern, yes, no] of [
    ["*.txt", ["a.txt", ".txt".slice(1) + ".txt"], ["a.txtx", ".hidden.txt"]],
    ["?", ["a", "é"], ["", "ab", "."]],
    ["[a-c]x", ["ax", "cx"], ["dx", "x"]],
    ["[!a]x", ["bx"], ["ax"]],
    [".*", [".a"], ["a"]],
    ["a+(b)", ["a+(b)"], ["aab"]],
    ["[", ["["], ["a"]],
  ] as const
) {
  Deno.test(`globMatcher() matches names with "${pattern}"`, () => {
    const matches = globMatcher(pattern);
    for (const name of yes) strictEqual(matches(name), true, name);
    for (const name of no) strictEqual(matches(name), false, name);
  });
}

Deno.test("expandGlob() says when nothing matches, and takes plain paths as they are", async () => {
  const files = await names("/a1", "/a2");
  deepStrictEqual(await expandGlob(files, "/a*"), ["/a1", "/a2"]);
  deepStrictEqual(await expandGlob(files, "/none"), ["/none"]);
  await rejects(expandGlob(files, "/b*"), CliError);
});

Deno.test("Progress draws one line, never wider than the screen, without what controls it", () => {
  let now = 0;
  const written: string[] = [];
  const screen = { columns: 60, write: (text: string) => void written.push(text) };
  const progress = new Progress(screen, () => now);
  progress.begin("evil\x1b[2J name", 10_000_000);
  for (let step = 0; step < 10; step++) {
    now += 200;
    progress.add(1_000_000);
  }
  progress.finish();
  for (const text of written.slice(0, -1)) {
    strictEqual(text.startsWith("\r") && text.endsWith("\x1b[K"), true);
    const shown = text.slice(1, -3);
    strictEqual(shown.length <= 59 && !/\p{Control}/u.test(shown), true, JSON.stringify(text));
  }
  strictEqual(written.at(-2)?.includes("100%"), true);
  strictEqual(written.at(-1), "\n");
});
