/** How many tests (or steps of CI) ended how. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A test that was not run. */
export interface Skip {
  readonly name: string;
  readonly reason: string;
}

/** No tests at all. */
export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };

const DENO_SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \(.*?\))? \| (\d+) failed(?: \(.*?\))?(?: \| (\d+) ignored)?/gm;
const OUR_SUMMARY = /^(\d+) passed, (\d+) failed, (\d+) skipped$/gm;
const IGNORED = /^(?:\.\/\S+ => )?(\S.*?) \.\.\. ignored \(/gm;

/** Adds up the summary lines that `deno test` prints. */
export function denoCounts(output: string): Counts {
  return [...output.matchAll(DENO_SUMMARY)].map(toCounts).reduce(add, NOTHING);
}

/** Reads the last line of ours, if a command printed one. */
export function printedCounts(output: string): Counts | undefined {
  const last = [...output.matchAll(OUR_SUMMARY)].at(-1);
  return last && toCounts(last);
}

/** Counts of two runs together. */
export function add(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** A run that ended badly failed, even if no test of it did: its code did not type-check, say. */
export function withExitCode(counts: Counts, code: number): Counts {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** The line by which numbers are read from the outside. */
export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** The tests that `deno test` ignored, each with the reason its name ends in. */
export function skips(output: string): Skip[] {
  return [...output.matchAll(IGNORED)]
    .map(([, name = ""]) => name)
    .filter((name) => !name.includes(" ... "))
    .map((name) => {
      const [, short, reason] = /^(.*) \[skip: (.*)\]$/.exec(name) ?? [];
      return { name: short ?? name, reason: reason ?? "no reason given" };
    });
}

function toCounts([, passed, failed, skipped]: RegExpMatchArray): Counts {
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped ?? 0) };
}
