/**
 * Runs the steps of CI, or those named; the last line is for machines.
 * `ci.ts [name of a step]…`
 */
import { runSteps } from "./ci/runner.ts";
import { STEPS } from "./ci/steps.ts";
import { summaryLine } from "./counts.ts";
import { ROOT } from "./root.ts";
import { printLine } from "./terminal.ts";

/** Below the hour that the whole run may take, installing Deno included. */
const MAX_MINUTES = 57;

if (import.meta.main) {
  const wanted = STEPS.filter(({ name }) => Deno.args.length === 0 || Deno.args.includes(name));
  const options = { cwd: ROOT, maxMinutes: MAX_MINUTES, print: printLine };
  const counts = await runSteps(wanted, options);
  printLine(summaryLine(counts));
  Deno.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
}
