import { withoutComments } from "./imports.ts";
import type { Violation } from "./rules.ts";
import type { Package, SourceFile } from "./workspace.ts";

/** Packages that are run (`deno run jsr:@alknet/cli`), not imported. */
const PROGRAMS: ReadonlySet<string> = new Set(["src/cli"]);

/** Longest source file in lines, tests excepted. */
export const MAX_FILE_LINES = 300;

const TEST_FILE = /_(test|bench)\.tsx?$/;

/** Checks one source file: its length, and that only src/cli prints. */
export function fileViolations({ path, text }: SourceFile): Violation[] {
  if (TEST_FILE.test(path)) return [];
  const found: Violation[] = [];
  const lines = text.trimEnd().split("\n").length;
  if (lines > MAX_FILE_LINES) {
    found.push(`${path} has ${lines} lines: the limit is ${MAX_FILE_LINES}`);
  }
  if (!path.startsWith("src/cli/") && /\bconsole\s*\./.test(withoutComments(text))) {
    found.push(`${path} uses console: only src/cli prints`);
  }
  return found;
}

/** Checks that a package can be published: its files, given as a set, and its deno.json. */
export function packageViolations(pkg: Package, files: ReadonlySet<string>): Violation[] {
  const missing = ["deno.json", "mod.ts", "README.md"]
    .filter((file) => !files.has(file))
    .map((file) => `${pkg.dir} has no ${file}`);
  return [...missing, ...configViolations(pkg)];
}

function configViolations({ dir, name, config }: Package): Violation[] {
  if (!config) return [];
  const found: Violation[] = [];
  if (config.name !== name) found.push(`${dir}/deno.json names it "${config.name}", not "${name}"`);
  if (!/^\d+\.\d+\.\d+/.test(config.version ?? "")) found.push(`${dir}/deno.json has no version`);
  if (!/^[\w.-]+$/.test(config.license ?? "")) {
    found.push(`${dir}/deno.json needs one SPDX licence: the registry refuses expressions`);
  }
  const main = typeof config.exports === "string" ? config.exports : config.exports?.["."];
  const entry = PROGRAMS.has(dir) ? "./main.ts" : "./mod.ts";
  if (main !== entry) found.push(`${dir}/deno.json exports "${main}" instead of ${entry}`);
  return found;
}
