import { basename, join, relative } from "node:path";

import { ROOT } from "../tools/root.ts";

/** A package of the workspace, found by listing `src` and `handlers`. */
export interface Package {
  /** Directory relative to the root: `src/core`, `handlers/echo`. */
  readonly dir: string;
  /** The name other packages import it by: `@alknet/core`. */
  readonly name: string;
  readonly kind: "src" | "handler";
  /** The parsed deno.json; undefined when there is none. */
  readonly config: PackageConfig | undefined;
}

/** The fields of a package's deno.json that the checks read. */
export interface PackageConfig {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly exports?: string | Readonly<Record<string, string>>;
}

/** Every package: each directory below `src` and `handlers`, so that a new one is covered. */
export async function packages(root: string = ROOT): Promise<Package[]> {
  const found: Package[] = [];
  for (const [parent, kind] of [["src", "src"], ["handlers", "handler"]] as const) {
    for await (const entry of Deno.readDir(join(root, parent))) {
      if (entry.isDirectory) found.push(await readPackage(root, `${parent}/${entry.name}`, kind));
    }
  }
  return found.sort((a, b) => a.dir.localeCompare(b.dir));
}

/** The modules a package offers to others, relative to the root. */
export function entries(pkg: Package): string[] {
  const exported = pkg.config?.exports ?? "./mod.ts";
  const paths = typeof exported === "string" ? [exported] : Object.values(exported);
  return paths.map((path) => join(pkg.dir, path));
}

/** A source file and its text; `path` is relative to the root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript file below a directory of the repository, sorted by path. */
export async function sourceFiles(dir: string, root: string = ROOT): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  for await (const path of walk(join(root, dir))) {
    if (!/\.tsx?$/.test(path)) continue;
    found.push({ path: relative(root, path), text: await Deno.readTextFile(path) });
  }
  return found.sort((a, b) => a.path.localeCompare(b.path));
}

/** Every file below a directory, `testdata`, `node_modules`, `dist` and hidden ones left out. */
export async function* walk(dir: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(dir)) {
    if (/^(\..*|testdata|node_modules|dist)$/.test(entry.name)) continue;
    const path = join(dir, entry.name);
    if (entry.isDirectory) yield* walk(path);
    else if (entry.isFile) yield path;
  }
}

async function readPackage(root: string, dir: string, kind: Package["kind"]): Promise<Package> {
  const config = await readConfig(join(root, dir, "deno.json"));
  return { dir, kind, name: `@alknet/${basename(dir)}`, config };
}

async function readConfig(path: string): Promise<PackageConfig | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
