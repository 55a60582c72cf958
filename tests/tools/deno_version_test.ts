import { deepStrictEqual, ok } from "node:assert/strict";
import { join } from "node:path";

import { DENO_VERSION } from "./deno_version.ts";
import { ROOT } from "./root.ts";

const NAMING_IT = [".ci/run", "README.md", "docs/guide.md"];

for (const path of NAMING_IT) {
  Deno.test(`${path} names the pinned Deno and no other`, async () => {
    const text = await readIfThere(path);
    const versions = [...text.matchAll(/deno@(\d+\.\d+\.\d+)/g)].map(([, version]) => version);
    deepStrictEqual([...new Set(versions)], text === "" ? [] : [DENO_VERSION]);
    ok(path !== ".ci/run" || versions.length > 0);
  });
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(join(ROOT, path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
