import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Identity } from "@alknet/core";
import fc from "fast-check";

import { type FileBackend, hashCommands, memoryFiles, permittedFiles } from "../mod.ts";
import { put, streamPair } from "../testdata/support.ts";
import { shellWords } from "./shell_words.ts";

const ALICE: Identity = { id: "alice", scopes: ["sftp:read"], resources: {} };

interface Ran {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line over some files; the code is undefined for a line that is not taken. */
async function run(
  line: string,
  files: FileBackend,
  options: { readonly stdin?: string; readonly identity?: Identity } = {},
): Promise<Ran> {
  const { stdin = "", identity = ALICE } = options;
  const command = hashCommands({ files: ({ identity }) => permittedFiles(files, identity) })(line);
  if (!command) return { code: undefined, out: "", err: "" };
  const { near, far, close } = await streamPair();
  let err = "";
  const writeError = (bytes: Uint8Array): Promise<void> => {
    err += new TextDecoder().decode(bytes);
    return Promise.resolve();
  };
  await near.write(new TextEncoder().encode(stdin));
  await near.closeWrite();
  const remoteAddr = { hostname: "memory", port: 0 };
  const { signal } = new AbortController();
  const io = { stream: far, env: new Map(), writeError };
  const code = await command(io, { identity, remoteAddr, signal });
  await far.closeWrite();
  const out = await new Response(near.readable).text();
  close();
  return { code, out, err };
}

function hash(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest("hex");
}

Deno.test("hashCommands() prints what coreutils print of files, and of standard input", async () => {
  const files = memoryFiles();
  await put(files, "/a b", "hello");
  await put(files, "/it's $x\n", "world");
  const line = "sha256sum /a\\ b \"it's \\$x\"'\n'";
  const both = await run(line, files);
  deepStrictEqual(both, {
    code: 0,
    out: `${hash("sha256", "hello")}  /a b\n\\${hash("sha256", "world")}  it's $x\\n\n`,
    err: "",
  });
  // What rclone asks to see whether there is such a program.
  const empty = await run("md5sum", files);
  strictEqual(empty.out, "d41d8cd98f00b204e9800998ecf8427e  -\n");
  const piped = await run("sha1sum -", files, { stdin: "hello" });
  strictEqual(piped.out, `${hash("sha1", "hello")}  -\n`);
});

Deno.test("hashCommands() tells of no file that somebody may not read", async () => {
  const files = memoryFiles();
  await files.mkdir("/mine");
  await put(files, "/mine/a", "hello");
  await put(files, "/secret", "hello");
  const identity = { ...ALICE, scopes: ["sftp:read:mine"] };
  const line = "md5sum /mine/a /secret ../secret /mine/none";
  const { code, out, err } = await run(line, files, { identity });
  strictEqual(code, 1);
  strictEqual(out, `${hash("md5", "hello")}  /mine/a\n`);
  deepStrictEqual(
    err.trimEnd().split("\n").map((each) => each.replace(/: [^:]*$/, "")),
    ["md5sum: /secret", "md5sum: ../secret", "md5sum: /mine/none"],
  );
  const writer = { ...ALICE, scopes: ["sftp:write"] };
  strictEqual((await run("md5sum /secret", files, { identity: writer })).code, 1);
  const nobody = { ...ALICE, scopes: ["ssh:sftp"] };
  strictEqual((await run("md5sum /secret", files, { identity: nobody })).code, 77);
});

Deno.test("maxSessionsPerIdentity: no more hash commands of an identity run at a time", async () => {
  const commands = hashCommands({ files: () => memoryFiles(), maxSessionsPerIdentity: 1 });
  const { near, far, close } = await streamPair();
  const io = { stream: far, env: new Map(), writeError: () => Promise.resolve() };
  const remoteAddr = { hostname: "memory", port: 0 };
  const context = { identity: ALICE, remoteAddr, signal: new AbortController().signal };
  const first = commands("md5sum")?.(io, context);
  strictEqual(await commands("md5sum")?.(io, context), 77);
  await near.closeWrite();
  strictEqual(await first, 0);
  strictEqual(await commands("md5sum /none")?.(io, context), 1);
  close();
});

for (
  const line of ["id", "md5sum *", "md5sum $HOME", "md5sum a; id", "md5sum a|b", "md5sum --help"]
) {
  Deno.test(`hashCommands() leaves "${line}" to others`, async () => {
    strictEqual((await run(line, memoryFiles())).code, undefined);
  });
}

Deno.test("shellWords() reads words back, quoted either way, and as rclone quotes them", () => {
  const word = fc.string({ minLength: 1 }).filter((text) => !text.includes("\n"));
  fc.assert(fc.property(fc.array(word), (words) => {
    const single = words.map((each) => `'${each.replaceAll("'", `'\\''`)}'`).join(" ");
    deepStrictEqual(shellWords(single), words);
    const double = words.map((each) => `"${each.replace(/[\\"$`]/g, "\\$&")}"`).join(" ");
    deepStrictEqual(shellWords(double), words);
    const escaped = words.map((each) => each.replace(/[^A-Za-z0-9_.,:/@-]/g, "\\$&")).join("  ");
    deepStrictEqual(shellWords(escaped), words);
  }));
});

Deno.test("shellWords() leaves alone what is not closed", () => {
  for (const line of ["'a", '"a', "a\\", '"$x"', "a\nb"]) strictEqual(shellWords(line), undefined);
});
