import { type Part, WORKERS } from "../bundle/parts.ts";

/** Where `deno task compile` puts its result. */
export const COMPILED = "dist/alknet-compiled";

/** The arguments of deno that compile an entry, and workers it starts, into one executable. */
export function compileArguments(
  entry: string,
  output: string,
  workers: readonly Part[] = WORKERS,
): string[] {
  const flags = [
    "-A",
    "--unstable-net",
    "--unstable-no-legacy-abort",
    "--exclude-unused-npm",
    "--node-modules-dir=none",
  ];
  const included = workers.flatMap((worker) => ["--include", worker.entry]);
  return ["compile", ...flags, ...included, "-o", output, entry];
}
