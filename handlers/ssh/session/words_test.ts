import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";

import { plainWords } from "./words.ts";

Deno.test("plainWords() reads what a shell would run as it stands", () => {
  deepStrictEqual(plainWords("git-upload-pack '/srv/a b.git'"), [
    "git-upload-pack",
    "/srv/a b.git",
  ]);
  deepStrictEqual(plainWords("  rsync --server -vlogDtpre.iLsfxCIvu . dir/ "), [
    "rsync",
    "--server",
    "-vlogDtpre.iLsfxCIvu",
    ".",
    "dir/",
  ]);
});

Deno.test("plainWords() reads nothing that a shell would make more of", () => {
  for (
    const line of [
      "",
      "a; b",
      "a && b",
      "a | b",
      "a > b",
      "a $(b)",
      "a `b`",
      "a $B",
      "a *",
      "a ~",
      'a "b"',
      "a 'b",
      "a 'b'c",
      "a\nb; c",
      "a {b,c}",
      "a \\",
      "a \\\nb",
      "a #b",
    ]
  ) strictEqual(plainWords(line), undefined, line);
});

Deno.test("plainWords() means to sh what it means to us", async () => {
  const word = fc.stringMatching(/^[a-z0-9./=:@%+,_-]{1,8}$/);
  const escaped = fc.stringMatching(/^[ -~]{1,8}$/).map((text) => text.replace(/./g, "\\$&"));
  const quoted = fc.stringMatching(/^[ -&(-~]{0,8}$/).map((text) => `'${text}'`);
  const lines = fc.array(fc.oneof(word, escaped, quoted), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(lines, async (words) => {
      const line = words.join(" ");
      const args = ["-c", `for w in ${line}; do printf '%s\\0' "$w"; done`];
      const { stdout } = await new Deno.Command("sh", { args }).output();
      const read = new TextDecoder().decode(stdout).split("\0").slice(0, -1);
      deepStrictEqual([...plainWords(line) ?? []], read);
    }),
    { numRuns: 40 },
  );
});
