import { must } from "../process.ts";
import { ROOT } from "../root.ts";

/** Native modules that libraries look for and do without: they are not in the bundle. */
const NATIVE = ["*.node"];
/** What modules written for Node's require expect to find; ssh2's Poly1305 is one. */
const PRELUDE = "globalThis.__dirname ??= import.meta.dirname;\n";

/** Makes one file of a module and everything it imports, which runs by `deno run`. */
export async function bundlePart(entry: string, output: string): Promise<void> {
  const flags = ["--platform", "deno", ...NATIVE.flatMap((name) => ["--external", name])];
  await must([Deno.execPath(), "bundle", "-q", ...flags, "-o", output, entry], { cwd: ROOT });
  await Deno.writeTextFile(output, PRELUDE + await Deno.readTextFile(output));
}
