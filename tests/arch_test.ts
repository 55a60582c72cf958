import { deepStrictEqual, match, ok } from "node:assert/strict";
import { join } from "node:path";

import { browserViolations, FOR_BROWSERS } from "./arch/browser.ts";
import { fileViolations, MAX_FILE_LINES, packageViolations } from "./arch/files.ts";
import { type Edge, edgesBetween, importsOf } from "./arch/imports.ts";
import { importViolations } from "./arch/rules.ts";
import { type Package, packages, sourceFiles } from "./arch/workspace.ts";
import { ROOT } from "./tools/root.ts";

const REPOSITORY = await packages();
const SOURCES = (await Promise.all(REPOSITORY.map((pkg) => sourceFiles(pkg.dir)))).flat();

Deno.test("packages import only what the architecture lets them", async () => {
  const outside = [...await sourceFiles("tests"), ...await rootModule()];
  const imports = [...SOURCES, ...outside].flatMap(importsOf);
  deepStrictEqual(importViolations(edgesBetween(imports, REPOSITORY)), []);
});

for (const pkg of REPOSITORY) {
  Deno.test(`${pkg.dir} is a package that can be published`, async () => {
    const files = new Set<string>();
    for await (const entry of Deno.readDir(join(ROOT, pkg.dir))) files.add(entry.name);
    deepStrictEqual(packageViolations(pkg, files), []);
  });

  Deno.test(`${pkg.dir} prints nothing and has no long file`, () => {
    const own = SOURCES.filter(({ path }) => path.startsWith(`${pkg.dir}/`));
    deepStrictEqual(own.flatMap(fileViolations), []);
  });
}

Deno.test("files below tests are short too", async () => {
  const lengths = (await sourceFiles("tests")).flatMap(fileViolations);
  deepStrictEqual(lengths.filter((text) => text.includes("lines")), []);
});

Deno.test("mod.ts at the root re-exports packages and nothing else", async () => {
  const [root] = await rootModule();
  ok(root, "mod.ts is missing");
  const code = root.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  const statements = code.split(";").map((part) => part.trim()).filter((part) => part !== "");
  ok(statements.length > 0);
  for (const statement of statements) match(statement, /^export\s[\s\S]*from "(@alknet\/|\.\/)/);
});

for (const entry of FOR_BROWSERS) {
  Deno.test(`${entry} needs neither Deno nor Node`, async () => {
    deepStrictEqual(await browserViolations(entry, REPOSITORY), []);
  });
}

/** A repository of the checks' own, in which everything is wrong that can be. */
const MADE_UP: readonly Package[] = ["src/core", "src/vault", "src/store", "src/cli"].map(pkg)
  .concat(["handlers/echo", "handlers/ssh"].map(pkg));

const FORBIDDEN: ReadonlyArray<readonly [path: string, line: string, why: RegExp]> = [
  ["src/core/mod.ts", `import { echo } from "@alknet/echo";`, /src\/core imports no other/],
  ["src/core/part_test.ts", `import { open } from "@alknet/vault";`, /src\/core imports no other/],
  ["src/vault/mod.ts", `export * from "@alknet/core";`, /src\/vault imports no other/],
  ["src/store/mod.ts", `import { echo } from "@alknet/echo";`, /only src\/cli imports handlers/],
  ["src/store/mod.ts", `import { main } from "@alknet/cli";`, /nothing imports src\/cli/],
  ["src/store/mod.ts", `import { serve } from "../core/mod.ts";`, /import each other by name/],
  ["handlers/ssh/mod.ts", `import { echo } from "@alknet/echo";`, /no handler imports another/],
  ["handlers/ssh/mod.ts", `import type { Echo } from "@alknet/echo";`, /no handler imports/],
  ["handlers/ssh/mod.ts", `import {\n  a,\n  b,\n} from "@alknet/echo";`, /no handler imports/],
  ["handlers/ssh/mod.ts", `export * from "@alknet/echo/part";`, /no handler imports another/],
  ["handlers/ssh/mod.ts", `import "@alknet/echo";`, /no handler imports another/],
  ["handlers/ssh/a_test.ts", `import { echo } from "@alknet/echo";`, /no handler imports/],
  ["handlers/ssh/mod.ts", `  await import("@alknet/echo");`, /no handler imports another/],
  ["handlers/ssh/mod.ts", `import { x } from "../echo/mod.ts";`, /import each other by name/],
  [
    "handlers/ssh/mod.ts",
    `import { open } from "@alknet/store";`,
    /core, src.h3, src.operations and types/,
  ],
  [
    "handlers/ssh/mod.ts",
    `  new URL("../echo/w.ts", import.meta.url)`,
    /import each other by name/,
  ],
];

for (const [path, text, why] of FORBIDDEN) {
  Deno.test(`the check notices ${JSON.stringify(text)} in ${path}`, () => {
    const found = importViolations(edges([[path, text]]));
    match(found[0] ?? "", why);
  });
}

Deno.test("the check lets pass what the architecture allows", () => {
  const allowed = edges([
    [
      "src/cli/serve.ts",
      `import { echo } from "@alknet/echo";\nimport { x } from "@alknet/vault";`,
    ],
    ["src/store/mod.ts", `import { serve } from "@alknet/core";`],
    ["handlers/ssh/mod.ts", `import { serve } from "@alknet/core";\nimport { a } from "./a.ts";`],
    ["handlers/ssh/mod.ts", `import type { Store } from "@alknet/store";`],
    ["handlers/ssh/a_test.ts", `import { open } from "@alknet/store";`],
    [
      "handlers/ssh/mod.ts",
      `/**\n * import { echo } from "@alknet/echo";\n */\n// import("@alknet/echo")`,
    ],
    ["tests/e2e/story_test.ts", `import { echo } from "@alknet/echo";`],
    ["mod.ts", `export * from "./src/core/mod.ts";`],
  ]);
  deepStrictEqual(importViolations(allowed), []);
});

Deno.test("the check notices Deno and Node in what a browser loads, however far away", async () => {
  const files = new Map([
    ["handlers/ssh/mod.ts", `import { a } from "./a.ts";\nimport type { T } from "node:net";`],
    ["handlers/ssh/a.ts", `import { b } from "@alknet/core";\nexport * from "npm:ssh2";`],
    ["src/core/mod.ts", `import { connect } from "node:net";\n  Deno.connect();\n// Deno.x`],
  ]);
  const read = (path: string) => Promise.resolve(files.get(path) ?? "");
  const found = await browserViolations("handlers/ssh/mod.ts", MADE_UP, read);
  deepStrictEqual(found.map((text) => text.replace(/, and .*/, "")), [
    'handlers/ssh/a.ts imports "npm:ssh2"',
    "src/core/mod.ts uses Deno",
    'src/core/mod.ts imports "node:net"',
  ]);
});

Deno.test("the check notices packages that import each other", () => {
  const circle = edges([
    ["src/store/mod.ts", `import { a } from "@alknet/client";`],
    ["src/client/mod.ts", `import type { b } from "@alknet/store";`],
  ], [...MADE_UP, pkg("src/client")]);
  deepStrictEqual(importViolations(circle), [
    "src/store is part of an import cycle",
    "src/client is part of an import cycle",
  ]);
});

Deno.test("the check notices a long file, a console and an unpublishable package", () => {
  const long = { path: "src/core/mod.ts", text: "a();\n".repeat(MAX_FILE_LINES + 1) };
  match(fileViolations(long)[0] ?? "", /has 301 lines/);
  const loud = { path: "handlers/ssh/mod.ts", text: `  console.log("hello");\n` };
  match(fileViolations(loud)[0] ?? "", /only src\/cli prints/);
  deepStrictEqual(fileViolations({ ...loud, path: "src/cli/mod.ts" }), []);
  const bare = {
    ...pkg("src/store"),
    config: { name: "@alknet/shop", license: "MIT OR Apache-2.0" },
  };
  deepStrictEqual(packageViolations(bare, new Set(["mod.ts"])).length, 6);
});

function edges(files: ReadonlyArray<readonly [string, string]>, all = MADE_UP): Edge[] {
  return edgesBetween(files.flatMap(([path, text]) => importsOf({ path, text })), all);
}

function pkg(dir: string): Package {
  const kind = dir.startsWith("handlers/") ? "handler" : "src";
  return { dir, kind, name: `@alknet/${dir.split("/")[1]}`, config: undefined };
}

async function rootModule(): Promise<{ path: string; text: string }[]> {
  try {
    return [{ path: "mod.ts", text: await Deno.readTextFile(join(ROOT, "mod.ts")) }];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
