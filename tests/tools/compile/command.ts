import { WORKERS } from "../bundle/parts.ts";

/** Where `deno task compile` puts its result. */
export const COMPILED = "dist/alknet-compiled";

/** The arguments of deno that compile an entry into one executable. */
export function compileArguments(entry: string, output: string): string[] {
  const flags = ["-A", "--unstable-net", "--exclude-unused-npm", "--node-modules-dir=none"];
  const workers = WORKERS.flatMap((worker) => ["--include", worker.entry]);
  return ["compile", ...flags, ...workers, "-o", output, entry];
}
