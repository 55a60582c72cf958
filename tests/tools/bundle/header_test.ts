import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { capture, type Finished, must, run } from "../process.ts";
import { fromFileUrl } from "../root.ts";
import { renderHeader } from "./header.ts";

const SCRIPT = fromFileUrl(new URL("./header.sh", import.meta.url));
const TEMPLATE = await Deno.readTextFile(SCRIPT);

/** Stands in for Deno: says how it was called, and ends with the code it was told. */
const STAND_IN = `#!/bin/sh
[ "$1" = --version ] && exit 0
echo "$DENO_DIR|$(umask)|$*"
for last in "$@"; do :; done
case $last in term) kill -TERM $$ ;; [0-9]*) exit "$last" ;; esac
`;

/** A self-extracting file around the stand-in, in a directory whose name has a space. */
class Fixture implements AsyncDisposable {
  readonly dir: string;
  readonly file: string;
  readonly cache: string;

  constructor(dir: string) {
    this.dir = dir;
    this.file = join(dir, "alk net");
    this.cache = join(dir, "the cache");
  }

  static async create(): Promise<Fixture> {
    const fixture = new Fixture(await Deno.makeTempDir({ prefix: "alknet header " }));
    await fixture.#write();
    return fixture;
  }

  async start(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
    const variables = { XDG_CACHE_HOME: this.cache, TMPDIR: this.dir, ...env };
    return await capture([this.file, ...args], { env: variables });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }

  async #write(): Promise<void> {
    const parts = join(this.dir, "parts");
    await Deno.mkdir(parts);
    await Deno.writeTextFile(join(parts, "deno"), STAND_IN, { mode: 0o755 });
    await Deno.writeTextFile(join(parts, "main.js"), "1;\n");
    const archive = join(this.dir, "payload.tar.gz");
    await must(["tar", "-czf", archive, "-C", parts, "deno", "main.js"]);
    const header = renderHeader(TEMPLATE, { id: "abc", files: ["deno", "main.js"] });
    const payload = await Deno.readFile(archive);
    await Deno.writeFile(this.file, new Uint8Array(await new Blob([header, payload]).bytes()));
    await Deno.chmod(this.file, 0o755);
  }
}

Deno.test("the file unpacks into the cache and passes arguments and the exit code on", async () => {
  await using fixture = await Fixture.create();
  const { code, output } = await fixture.start(["serve", "--name", "a  b", "42"]);
  strictEqual(code, 42);
  const dir = join(fixture.cache, "alknet", "abc");
  const flags = "--unstable-net --unstable-no-legacy-abort --no-config --no-lock " +
    "--node-modules-dir=none";
  const [denoDir, , command] = output.trim().split("|");
  strictEqual(denoDir, `${dir}/deno_dir`);
  strictEqual(command, `run -A ${flags} ${dir}/main.js serve --name a  b 42`);
});

Deno.test("the file leaves the umask as it was, and keeps its own files private", async () => {
  await using fixture = await Fixture.create();
  const { output } = await capture(["sh", "-c", 'umask 002; exec "$0"', fixture.file], {
    env: { XDG_CACHE_HOME: fixture.cache },
  });
  strictEqual(output.split("|")[1], "0002");
  const { mode } = await Deno.stat(join(fixture.cache, "alknet", "abc"));
  strictEqual((mode ?? 0) & 0o777, 0o700);
});

Deno.test("a signal that ends Deno is what the caller sees", async () => {
  await using fixture = await Fixture.create();
  const { code } = await fixture.start(["term"]);
  strictEqual(code, 143);
});

Deno.test("eight at once unpack safely and leave nothing lying about", async () => {
  await using fixture = await Fixture.create();
  const ends = await Promise.all(Array.from({ length: 8 }, () => fixture.start(["7"])));
  deepStrictEqual(ends.map(({ code }) => code), Array(8).fill(7));
  const left = await Array.fromAsync(Deno.readDir(join(fixture.cache, "alknet")));
  deepStrictEqual(left.map(({ name }) => name), ["abc"]);
});

Deno.test("a directory that lost a file is made whole again", async () => {
  await using fixture = await Fixture.create();
  await fixture.start(["0"]);
  const main = join(fixture.cache, "alknet", "abc", "main.js");
  await Deno.writeTextFile(main, "");
  strictEqual((await fixture.start(["5"])).code, 5);
  strictEqual(await Deno.readTextFile(main), "1;\n");
});

Deno.test("a cache that cannot be written is replaced by a private one in TMPDIR", async () => {
  await using fixture = await Fixture.create();
  const { code, output } = await fixture.start(["3"], { XDG_CACHE_HOME: "/proc/no" });
  strictEqual(code, 3);
  ok(output.startsWith(`${fixture.dir}/alknet-${Deno.uid()}/abc/deno_dir|`), output);
});

// Whoever may write to /tmp could lay a directory there and have us run their Deno.
Deno.test("a directory in TMPDIR that is open to others is not used", async () => {
  await using fixture = await Fixture.create();
  const trap = join(fixture.dir, `alknet-${Deno.uid()}`);
  await Deno.mkdir(trap);
  await Deno.chmod(trap, 0o777);
  const { code, output } = await fixture.start(["3"], { XDG_CACHE_HOME: "/proc/no" });
  strictEqual(code, 1);
  match(output, /^alknet: Cannot unpack into .*: set XDG_CACHE_HOME/);
});

Deno.test("a symbolic link in TMPDIR is not followed", async () => {
  await using fixture = await Fixture.create();
  await Deno.mkdir(join(fixture.dir, "elsewhere"), { mode: 0o700 });
  await Deno.symlink("elsewhere", join(fixture.dir, `alknet-${Deno.uid()}`));
  const { code } = await fixture.start(["3"], { XDG_CACHE_HOME: "/proc/no" });
  strictEqual(code, 1);
});

Deno.test("a file cut short says so instead of running half of it", async () => {
  await using fixture = await Fixture.create();
  const { size } = await Deno.stat(fixture.file);
  await Deno.truncate(fixture.file, size - 60);
  const { code } = await fixture.start(["3"]);
  strictEqual(code, 1);
});

Deno.test("renderHeader() counts its own bytes, whatever the number of digits", () => {
  const header = renderHeader("@OFFSET@ é @ID@ @FILES@\n", { id: "i", files: ["a", "b"] });
  strictEqual(header, "13 é i a b\n");
  strictEqual(new TextEncoder().encode(header).length + 1, 13);
});

Deno.test("the header is sound to sh", async () => {
  strictEqual((await run(["sh", "-n", SCRIPT])).code, 0);
});
