/**
 * Runs suites of tests and says at the end what was skipped and why.
 * `run_tests.ts SUITE[,SUITE]… [flags of deno test]`
 */
import { join } from "node:path";

import {
  add,
  type Counts,
  denoCounts,
  NOTHING,
  type Skip,
  skips,
  summaryLine,
  withExitCode,
} from "./counts.ts";
import { runTool, ToolError } from "./errors.ts";
import { run } from "./process.ts";
import { ROOT } from "./root.ts";
import { type Suite, SUITES } from "./suites.ts";
import { paint, printLine } from "./terminal.ts";

interface Result {
  readonly counts: Counts;
  readonly skipped: readonly Skip[];
}

async function runAll(names: readonly string[], extra: readonly string[]): Promise<Result> {
  let total: Result = { counts: NOTHING, skipped: [] };
  for (const name of names) {
    const suite = SUITES[name];
    if (!suite) throw new ToolError(`Unknown suite "${name}": ${Object.keys(SUITES).join(", ")}`);
    const { counts, skipped } = await runSuite(suite, extra);
    total = { counts: add(total.counts, counts), skipped: [...total.skipped, ...skipped] };
  }
  return total;
}

async function runSuite({ flags, paths }: Suite, extra: readonly string[]): Promise<Result> {
  const present = paths.filter(exists);
  if (present.length === 0) return { counts: NOTHING, skipped: [] };
  const { code, output } = await run(
    [Deno.execPath(), "test", "-A", "--permit-no-files", ...flags, ...extra, ...present],
    // A file more at once than there are cores, for many wait for programs. Colours are ours to
    // add, so that tests and their children see the same anywhere.
    {
      cwd: ROOT,
      env: { NO_COLOR: "1", DENO_JOBS: String(navigator.hardwareConcurrency + 1) },
      onLine: (line) => printLine(tint(line)),
    },
  );
  return { counts: withExitCode(denoCounts(output), code), skipped: skips(output) };
}

function tint(line: string): string {
  return line
    .replace(/(?<= \.\.\. )ok(?= \()|^ok(?= \|)/, (word) => paint("green", word))
    .replace(/(?<= \.\.\. )FAILED(?= \()|^FAILED(?= \|)/, (word) => paint("red", word))
    .replace(/(?<= \.\.\. )ignored(?= \()/, (word) => paint("yellow", word));
}

function report({ counts, skipped }: Result): void {
  if (skipped.length > 0) printLine(paint("bold", "Skipped:"));
  for (const { name, reason } of skipped) printLine(`  ${name}: ${paint("yellow", reason)}`);
  printLine(summaryLine(counts));
}

function exists(path: string): boolean {
  try {
    Deno.statSync(join(ROOT, path));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

if (import.meta.main) {
  const [names = "unit,stories,timed", ...extra] = Deno.args;
  await runTool("test", async () => {
    const result = await runAll(names.split(","), extra);
    report(result);
    Deno.exitCode = result.counts.failed === 0 ? 0 : 1;
  });
}
