import { dirname, join } from "node:path";

import { ROOT } from "../tools/root.ts";
import { importsOf, withoutComments } from "./imports.ts";
import type { Violation } from "./rules.ts";
import type { Package, SourceFile } from "./workspace.ts";

/** Modules for browsers: nothing that they load may need Deno or Node. */
export const FOR_BROWSERS: readonly string[] = [
  "src/core/web.ts",
  "handlers/sftp/browser/mod.ts",
];

/** Checks a module and everything it loads at run time; `read` gives a file of the repository. */
export async function browserViolations(
  entry: string,
  all: readonly Package[],
  read: (path: string) => Promise<string> = (path) => Deno.readTextFile(join(ROOT, path)),
): Promise<Violation[]> {
  const found: Violation[] = [];
  const seen = new Set([entry]);
  for (const path of seen) { // grows while it is gone through
    const file = { path, text: await read(path) };
    if (usesDeno(file)) found.push(`${path} uses Deno, and ${entry} is for browsers`);
    for (const { specifier, typeOnly } of importsOf(file)) {
      if (typeOnly) continue;
      const target = resolve(path, specifier, all);
      if (target) seen.add(target);
      else found.push(`${path} imports "${specifier}", and ${entry} is for browsers`);
    }
  }
  return found;
}

function usesDeno({ text }: SourceFile): boolean {
  return /\b(Deno|process|Buffer)\s*\./.test(withoutComments(text));
}

/** The file a module means; undefined for what is not of this repository. */
function resolve(from: string, specifier: string, all: readonly Package[]): string | undefined {
  if (specifier.startsWith(".")) return join(dirname(from), specifier);
  const pkg = all.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
  if (!pkg) return undefined;
  const exported = pkg.config?.exports ?? "./mod.ts";
  const key = `.${specifier.slice(pkg.name.length)}`;
  const path = typeof exported === "string" ? exported : exported[key];
  return path === undefined ? undefined : join(pkg.dir, path);
}
