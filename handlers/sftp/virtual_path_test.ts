import fc from "fast-check";
import { ok, strictEqual, throws } from "node:assert/strict";

import { SftpError } from "./sftp_error.ts";
import { canonicalPath, isWithin, joinPath, splitPath } from "./virtual_path.ts";

const path = fc.array(fc.oneof(fc.constantFrom("..", ".", "", "a", "b c"), fc.string()), {
  maxLength: 8,
}).map((parts) => parts.join("/"));

Deno.test("canonicalPath() never leads above the root and leaves nothing to resolve", () => {
  fc.assert(
    fc.property(path, (text) => {
      if (text.includes("\0")) return void throws(() => canonicalPath(text), SftpError);
      const canonical = canonicalPath(text);
      ok(canonical.startsWith("/"));
      strictEqual(canonicalPath(canonical), canonical);
      if (canonical !== "/") {
        for (const part of canonical.slice(1).split("/")) ok(!["", ".", ".."].includes(part));
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("canonicalPath() refuses what no file can be called", () => {
  throws(() => canonicalPath("a\0b"), /NUL/);
  throws(() => canonicalPath("a".repeat(65_536)), /too long/);
  throws(() => canonicalPath(`/a/${"n".repeat(256)}`), /too long/);
  throws(() => canonicalPath("a/".repeat(32_768)), /too long/);
});

Deno.test("splitPath() and joinPath() undo each other", () => {
  fc.assert(fc.property(path.filter((text) => !text.includes("\0")), (text) => {
    const canonical = canonicalPath(text);
    const { parent, name } = splitPath(canonical);
    strictEqual(name === "" ? "/" : joinPath(parent, name), canonical);
    ok(isWithin(canonical, parent));
  }));
});

Deno.test("isWithin() does not take a name for a directory that begins like it", () => {
  strictEqual(isWithin("/docs/a", "/docs"), true);
  strictEqual(isWithin("/docs", "/docs"), true);
  strictEqual(isWithin("/docsecret", "/docs"), false);
  strictEqual(isWithin("/anything", "/"), true);
});
