/**
 * A set of tests and how `deno test` is to run it. Types are checked by `deno task check`, for all
 * files at once: for the two large suites again, that would take a minute.
 */
export interface Suite {
  /** Directories and files, as far as they exist. */
  readonly paths: readonly string[];
  /** Flags besides `-A`. */
  readonly flags: readonly string[];
}

const TIMED: readonly string[] = ["tests/e2e/call_test.ts", "tests/e2e/store_test.ts"];

/** The suites by name; `test` in deno.json runs unit, e2e and timed. */
export const SUITES: Readonly<Record<string, Suite>> = {
  /** Everything beside the code, files in parallel. */
  unit: {
    paths: ["src", "handlers", "tests"],
    flags: [
      "--no-check",
      "--parallel",
      "--ignore=tests/e2e,tests/conformance,tests/soak,tests/bench",
    ],
  },
  /** User stories with real programs, two files at once. */
  e2e: {
    paths: ["tests/e2e"],
    flags: ["--no-check", "--parallel", `--ignore=${TIMED.join(",")}`],
  },
  /** Those of them that hold a node to milliseconds, one after another. */
  timed: { paths: TIMED, flags: ["--no-check"] },
  /** Code blocks of doc comments and of Markdown. */
  doc: {
    paths: ["src", "handlers", "docs", "mod.ts", "README.md"],
    flags: ["--doc", "--ignore=**/*_test.ts"],
  },
  /** Long runs that look for what stays behind. */
  soak: { paths: ["tests/soak"], flags: ["--v8-flags=--expose-gc"] },
  /** External suites against a node of ours. */
  conformance: { paths: ["tests/conformance"], flags: [] },
};
