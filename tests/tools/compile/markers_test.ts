import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { capture } from "../process.ts";
import { compileArguments } from "./command.ts";
import { absentParts, alpnLiterals, handlerMarkers } from "./markers.ts";

Deno.test("alpnLiterals() finds constants of one and of several names", () => {
  deepStrictEqual(alpnLiterals(`export const ALPN = "alknet/echo";`), ['"alknet/echo"']);
  deepStrictEqual(alpnLiterals(`const ALPNS: readonly string[] = [\n  "h2",\n  "http/1.1",\n];`), [
    '"h2"',
    '"http/1.1"',
  ]);
  deepStrictEqual(alpnLiterals(`const OTHER = "x";`), []);
});

Deno.test("absentParts() compares bytes, and takes an empty marker for absent", () => {
  const bytes = new TextEncoder().encode("\0 grüße \xff");
  const markers = [
    { part: "a", texts: ["grüße"] },
    { part: "b", texts: ["grüße", "gruss"] },
    { part: "c", texts: [""] },
  ];
  deepStrictEqual(absentParts(bytes, markers), [
    { part: "b", texts: ["gruss"] },
    { part: "c", texts: [""] },
  ]);
});

// A handler that the program forgot to import must be noticed, or the check is worth nothing.
Deno.test("a compiled program holds the handlers it imports and no other", async () => {
  const root = await Deno.makeTempDir({ prefix: "alknet-markers-" });
  try {
    await Deno.mkdir(join(root, "src"));
    await writeHandler(root, "echo");
    await writeHandler(root, "ssh");
    const entry = join(root, "main.ts");
    await Deno.writeTextFile(entry, `import { ALPN } from "./handlers/echo/mod.ts";\nALPN;\n`);
    const output = join(root, "out");
    const command = [Deno.execPath(), ...compileArguments(entry, output, [])];
    const { code } = await capture(command, { cwd: root, env: { DENORT_BIN: "/bin/true" } });
    strictEqual(code, 0);
    const absent = absentParts(await Deno.readFile(output), await handlerMarkers(root));
    deepStrictEqual(absent.map(({ part }) => part), ["handlers/ssh"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

async function writeHandler(root: string, name: string): Promise<void> {
  const dir = join(root, "handlers", name);
  await Deno.mkdir(dir, { recursive: true });
  const source = `/** The protocol of ${name}, alone. */\nexport const ALPN = "alknet/${name}";\n`;
  await Deno.writeTextFile(join(dir, "mod.ts"), source);
}
