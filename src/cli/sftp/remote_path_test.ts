import { deepStrictEqual, throws } from "node:assert/strict";

import { CliError } from "../errors.ts";
import { parseLocation } from "./remote_path.ts";

const LOCATIONS: readonly (readonly [string, string | undefined, string])[] = [
  ["head:docs/a.txt", "head", "docs/a.txt"],
  ["head:", "head", ""],
  ["head:/a:b", "head", "/a:b"],
  ["alk1abc:x", "alk1abc", "x"],
  ["k3y@10.0.0.1:4433:docs", "k3y@10.0.0.1:4433", "docs"],
  ["k3y@10.0.0.1:4433,[::1]:4434:docs", "k3y@10.0.0.1:4433,[::1]:4434", "docs"],
  ["k3y@[::1]:4433:", "k3y@[::1]:4433", ""],
  ["sha256:ab@example.org:443:/x", "sha256:ab@example.org:443", "/x"],
  ["example.org:4433:/x", "example.org:4433", "/x"],
  ["plain.txt", undefined, "plain.txt"],
  ["./a:b", undefined, "./a:b"],
  ["../a:b", undefined, "../a:b"],
  ["/srv/a:b", undefined, "/srv/a:b"],
  ["dir/a:b", undefined, "dir/a:b"],
];

for (const [text, target, path] of LOCATIONS) {
  Deno.test(`parseLocation() reads "${text}"`, () => {
    const { target: found, path: foundPath } = parseLocation(text);
    deepStrictEqual([found, foundPath], [target, path]);
  });
}

Deno.test("parseLocation() refuses an empty path", () => {
  throws(() => parseLocation(""), CliError);
});
