import { join } from "node:path";

import { add, type Counts, NOTHING, printedCounts, summaryLine, withExitCode } from "../counts.ts";
import { run } from "../process.ts";
import { paint } from "../terminal.ts";
import type { Step } from "./steps.ts";

const DEFAULT_STEP_MINUTES = 10;

/** The code `timeout` ends with when it had to stop what it ran. */
const TIMED_OUT = 124;

/** Where and for how long steps run, and who hears of it. */
export interface RunnerOptions {
  /** Directory the steps run in. */
  readonly cwd: string;
  /** The steps together are stopped after this, so that their numbers are still told. */
  readonly maxMinutes: number;
  /** Takes every line of output. */
  readonly print: (line: string) => void;
}

interface Outcome {
  readonly line: string;
  readonly counts: Counts;
}

/** Runs steps one after another, whatever becomes of each, and adds up their tests. */
export async function runSteps(steps: readonly Step[], options: RunnerOptions): Promise<Counts> {
  const deadline = performance.now() + options.maxMinutes * 60_000;
  const outcomes: Outcome[] = [];
  for (const step of steps) {
    if (step.needs && !await exists(join(options.cwd, step.needs))) continue;
    options.print(paint("bold", `\n== ${step.name}`));
    const outcome = await runStep(step, deadline, options);
    options.print(outcome.line);
    outcomes.push(outcome);
  }
  options.print(`\n${outcomes.map(({ line }) => line).join("\n")}`);
  return outcomes.map(({ counts }) => counts).reduce(add, NOTHING);
}

/** A step counts as its tests where it has any, and as one test where it has not. */
async function runStep(step: Step, deadline: number, options: RunnerOptions): Promise<Outcome> {
  const begun = performance.now();
  const minutes = Math.min(step.maxMinutes ?? DEFAULT_STEP_MINUTES, (deadline - begun) / 60_000);
  const { code, output } = await runWithin(step.command, minutes, options);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const verdict = code === 0 ? paint("green", "ok    ") : paint("red", "FAILED");
  const counts = printedCounts(output);
  const tests = counts ? `: ${summaryLine(counts)}` : "";
  const late = code === TIMED_OUT ? ", out of time" : "";
  return {
    line: `${verdict} ${step.name} (${seconds} s${late})${tests}`,
    counts: withExitCode(counts ?? { ...NOTHING, passed: code === 0 ? 1 : 0 }, code),
  };
}

/** `timeout` ends a step together with everything it started. */
async function runWithin(
  command: readonly string[],
  minutes: number,
  { cwd, print }: RunnerOptions,
): Promise<{ code: number; output: string }> {
  if (minutes <= 0) return { code: TIMED_OUT, output: "" };
  const limited = ["timeout", "-k", "10", (minutes * 60).toFixed(3), ...command];
  return await run(limited, { cwd, onLine: print });
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
