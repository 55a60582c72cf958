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

const E2E = "tests/e2e";
const UNIT: readonly string[] = ["src", "handlers", "tests"];
const NOT_UNIT = `--ignore=${E2E},tests/conformance,tests/soak,tests/bench`;

/** The stories that say what alknet is for. */
const STORIES: readonly string[] = ["foundation", "readme", "http", "ssh", "sftp"].map(story);

/** Stories that hold a node to milliseconds, and so run alone. */
const TIMED: readonly string[] = ["call", "store"].map(story);

/** Servers of their own are started, broken and started again. */
const SLOW_UNIT: readonly string[] = ["src/store/postgres"];

function story(name: string): string {
  return `${E2E}/${name}_test.ts`;
}

/** The suites by name; `test` in deno.json runs unit, stories and timed, `test:more` the rest. */
export const SUITES: Readonly<Record<string, Suite>> = {
  /** Everything beside the code, files in parallel. */
  unit: {
    paths: UNIT,
    flags: ["--no-check", "--parallel", `${NOT_UNIT},${SLOW_UNIT.join(",")}`],
  },
  /** User stories with real programs, files in parallel. */
  stories: { paths: STORIES, flags: ["--no-check", "--parallel"] },
  /** Those of them that are timed, one after another. */
  timed: { paths: TIMED, flags: ["--no-check"] },
  /** The other stories: every client and browser in every way. */
  clients: {
    paths: [E2E],
    flags: ["--no-check", "--parallel", `--ignore=${[...STORIES, ...TIMED].join(",")}`],
  },
  /** Tests beside the code that take long. */
  slow: { paths: SLOW_UNIT, flags: ["--no-check"] },
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
