import { deepStrictEqual, match, ok } from "node:assert/strict";

import type { Counts } from "../counts.ts";
import { testOrSkip } from "../skip.ts";
import { missing } from "../programs.ts";
import { runSteps } from "./runner.ts";
import type { Step } from "./steps.ts";

const NO_TIMEOUT = missing("timeout");

function sh(name: string, script: string, more: Partial<Step> = {}): Step {
  return { name, command: ["sh", "-c", script], ...more };
}

async function runAll(
  steps: readonly Step[],
  maxMinutes = 1,
): Promise<{ counts: Counts; lines: string[] }> {
  const lines: string[] = [];
  const options = { cwd: "/", maxMinutes, print: (line: string): number => lines.push(line) };
  return { counts: await runSteps(steps, options), lines };
}

testOrSkip("a failing step does not stop those after it", NO_TIMEOUT, async () => {
  const { counts, lines } = await runAll([
    sh("one", "exit 3"),
    sh("two", "true"),
    sh("left out", "true", { needs: "no/such/file" }),
  ]);
  deepStrictEqual(counts, { passed: 1, failed: 1, skipped: 0 });
  match(lines.at(-1) ?? "", /FAILED one \(\d\.\d s\)\nok {5}two \(\d\.\d s\)$/);
});

testOrSkip("a step with tests counts as its tests", NO_TIMEOUT, async () => {
  const { counts } = await runAll([
    sh("good", "echo 5 passed, 0 failed, 2 skipped"),
    sh("bad", "echo 5 passed, 3 failed, 0 skipped; exit 1"),
    sh("died after its tests", "echo 1 passed, 0 failed, 0 skipped; exit 1"),
  ]);
  deepStrictEqual(counts, { passed: 11, failed: 4, skipped: 2 });
});

testOrSkip("a step that hangs is ended with what it started", NO_TIMEOUT, async () => {
  const begun = performance.now();
  const hanging = sh("hangs", "sleep 30 & sleep 30", { maxMinutes: 0.2 / 60 });
  const { counts, lines } = await runAll([hanging, sh("next", "true")]);
  deepStrictEqual(counts, { passed: 1, failed: 1, skipped: 0 });
  match(lines.at(-1) ?? "", /FAILED hangs \(\d\.\d s, out of time\)/);
  // The output of the sleeping grandchild would have been waited for.
  ok(performance.now() - begun < 20_000);
});

testOrSkip("steps for which no time is left fail at once", NO_TIMEOUT, async () => {
  const { counts } = await runAll([sh("late", "true")], 0);
  deepStrictEqual(counts, { passed: 0, failed: 1, skipped: 0 });
});
