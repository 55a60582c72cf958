import { strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing } from "./programs.ts";
import { skippedName } from "./skip.ts";

Deno.test("missing() finds a program in PATH, and says which one is not there", () => {
  strictEqual(missing("sh"), undefined);
  strictEqual(missing("no-such-program"), "no-such-program is not installed");
});

Deno.test("missing() does not take a plain file or a directory for a program", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(dir, "plain"), "", { mode: 0o644 });
    await Deno.writeTextFile(join(dir, "tool"), "", { mode: 0o755 });
    await Deno.mkdir(join(dir, "folder"));
    strictEqual(missing("plain", dir), "plain is not installed");
    strictEqual(missing("folder", dir), "folder is not installed");
    strictEqual(missing("tool", `:/nonexistent:${dir}`), undefined);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("skippedName() ends in the reason", () => {
  strictEqual(skippedName("curl reads a page", "no curl"), "curl reads a page [skip: no curl]");
});
