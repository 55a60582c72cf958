import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { denoCounts, printedCounts, skips, summaryLine, withExitCode } from "./counts.ts";

Deno.test("denoCounts() adds up every summary line of deno test", () => {
  const output = [
    "ok | 7 passed | 0 failed (22ms)",
    "a ... ok (1ms)",
    "FAILED | 4 passed (2 steps) | 1 failed (3 steps) | 2 ignored (2 steps) (22ms)",
    "ok | 1 passed | 0 failed | 1 ignored | 3 filtered out (1s)",
  ].join("\n");
  deepStrictEqual(denoCounts(output), { passed: 12, failed: 1, skipped: 3 });
});

Deno.test("withExitCode() counts a run that failed before its first test", () => {
  const nothing = denoCounts("error: Type checking failed");
  deepStrictEqual(withExitCode(nothing, 1), { passed: 0, failed: 1, skipped: 0 });
  deepStrictEqual(withExitCode(nothing, 0), nothing);
  deepStrictEqual(withExitCode({ passed: 1, failed: 2, skipped: 0 }, 1).failed, 2);
});

Deno.test("printedCounts() reads the last line of a run, as summaryLine() wrote it", () => {
  const counts = { passed: 3, failed: 1, skipped: 2 };
  const output = `1 passed, 0 failed, 0 skipped\nnoise\n${summaryLine(counts)}\n`;
  deepStrictEqual(printedCounts(output), counts);
  strictEqual(printedCounts("ok | 3 passed | 0 failed"), undefined);
});

Deno.test("skips() finds ignored tests and their reasons, with and without --parallel", () => {
  const output = [
    "curl reads a page [skip: curl is not installed] ... ignored (0ms)",
    "./src/a/b_test.ts => ssh logs in [skip: no [ssh] here] ... ignored (0ms)",
    "./src/a/b_test.ts => steps ... two ... ignored (0ms)",
    "  two ... ignored (0ms)",
    "left out ... ignored (0ms)",
    "runs ... ok (1ms)",
  ].join("\n");
  deepStrictEqual(skips(output), [
    { name: "curl reads a page", reason: "curl is not installed" },
    { name: "ssh logs in", reason: "no [ssh] here" },
    { name: "left out", reason: "no reason given" },
  ]);
});
