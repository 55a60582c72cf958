import { dirname, join } from "node:path";

import type { Package, SourceFile } from "./workspace.ts";

/** One import of a module by another. */
export interface Import {
  /** The importing file, relative to the root. */
  readonly from: string;
  readonly specifier: string;
  /** Whether nothing but types crosses: it is gone at run time. */
  readonly typeOnly: boolean;
}

/** An import between two packages; `to` is a package's directory. */
export interface Edge extends Import {
  readonly fromPackage: string | undefined;
  readonly to: string;
}

const STATIC = /^(import|export)(\s+type)?\b([^;"']*?\bfrom\s*|\s*)["']([^"'\n]+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"'\n]+)["']/g;
const WORKER_OR_ASSET = /\bnew URL\(\s*["'](\.[^"'\n]+)["']\s*,\s*import\.meta\.url/g;

/**
 * The modules a file refers to: static imports and re-exports (formatted code begins them in the
 * first column, so that examples in doc comments do not count), dynamic imports of literals, and
 * `new URL("./x", import.meta.url)`.
 */
export function importsOf({ path, text }: SourceFile): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  for (const [, , type, , specifier = ""] of code.matchAll(STATIC)) {
    found.push({ from: path, specifier, typeOnly: type !== undefined });
  }
  for (const pattern of [DYNAMIC, WORKER_OR_ASSET]) {
    for (const [, specifier = ""] of code.matchAll(pattern)) {
      found.push({ from: path, specifier, typeOnly: false });
    }
  }
  return found;
}

/** The text without block comments and without lines that are comments. */
export function withoutComments(text: string): string {
  return text.replace(/^\s*\/\*[\s\S]*?\*\//gm, "").replace(/^\s*\/\/.*$/gm, "");
}

/** Keeps the imports that cross from one package (or from outside of them) into a package. */
export function edgesBetween(imports: readonly Import[], all: readonly Package[]): Edge[] {
  return imports.flatMap((found) => {
    const to = target(found, all);
    const fromPackage = packageOf(found.from, all);
    return to === undefined || to === fromPackage ? [] : [{ ...found, fromPackage, to }];
  });
}

/** The directory of the package a file of the repository belongs to. */
export function packageOf(path: string, all: readonly Package[]): string | undefined {
  return all.find(({ dir }) => path.startsWith(`${dir}/`))?.dir;
}

function target({ from, specifier }: Import, all: readonly Package[]): string | undefined {
  if (specifier.startsWith(".")) return packageOf(join(dirname(from), specifier), all);
  const name = /^(?:jsr:)?(@alknet\/[^/@]+)/.exec(specifier)?.[1];
  return all.find((pkg) => pkg.name === name)?.dir;
}
