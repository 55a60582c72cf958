import { match, rejects, strictEqual } from "node:assert/strict";

import { readSecretFromFd, SecretInputError } from "./mod.ts";
import { bytes } from "./testdata/known.ts";
import { missing, testOrSkip } from "../../tests/tools/skip.ts";

const lacking = missing("bash");

testOrSkip(
  "readSecretFromFd() reads one line from a pipe, a file and standard input",
  lacking,
  async () => {
    const hex = bytes("pass word").toHex();
    strictEqual(await read("3 100", "3< <(printf 'pass word\\nsecond line')"), hex);
    strictEqual(await read("3 100", "3< <(printf 'pass '; sleep 0.05; printf word)"), hex);
    strictEqual(await read("3 100", "3<<< 'pass word'"), hex);
    strictEqual(await read("0 100", "< <(printf 'pass word\\n')"), hex);
    strictEqual(await read("7 9", "7< <(printf 'pass word\\n')"), hex);
  },
);

testOrSkip(
  "readSecretFromFd() keeps every byte of the line, also those that are no text",
  lacking,
  async () => {
    strictEqual(await read("3 100", "3< <(printf '\\xff\\x00\\r\\n')"), "ff000d");
  },
);

testOrSkip(
  "readSecretFromFd() refuses an empty secret and one that is too long",
  lacking,
  async () => {
    match(await read("3 100", "3< <(printf '')"), /^SecretInputError: .*gave none/);
    match(await read("3 100", "3< <(printf '\\nsecond')"), /^SecretInputError: .*gave none/);
    match(await read("3 8", "3< <(printf 'pass word')"), /^SecretInputError: .*longer than 8/);
    match(await read("3 8", "3< /dev/zero"), /^SecretInputError: .*longer than 8/);
  },
);

testOrSkip(
  "readSecretFromFd() says when a descriptor is closed or a directory",
  lacking,
  async () => {
    match(await read("3 8", "3<&-"), /^SecretInputError: .*is not open/);
    match(await read("3 8", "3< /"), /^SecretInputError: /);
  },
);

Deno.test("readSecretFromFd() refuses what is no descriptor", async () => {
  for (const fd of [-1, 0.5, NaN, Infinity]) {
    await rejects(readSecretFromFd(fd, 10), SecretInputError);
  }
});

async function read(args: string, redirection: string): Promise<string> {
  const script = new URL("./testdata/read_secret.ts", import.meta.url).pathname;
  const line = `"${Deno.execPath()}" run -A --no-check "${script}" ${args} ${redirection}`;
  const { stdout } = await new Deno.Command("bash", { args: ["-c", line] }).output();
  return new TextDecoder().decode(stdout);
}
