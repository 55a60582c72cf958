import { DENO_VERSION } from "../deno_version.ts";

/** One step of CI. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** How long it may take; default 10. */
  readonly maxMinutes?: number;
  /** Path without which there is nothing to do: the step is left out, not skipped. */
  readonly needs?: string;
}

/** Run to the very word as the README tells a newcomer. */
const FROM_README = ["npx", "-y", `deno@${DENO_VERSION}`, "task", "test"];

/** The steps in order; each is run whatever became of those before it. */
export const STEPS: readonly Step[] = [
  { name: "setup", command: task("setup") },
  { name: "lock is up to date", command: [Deno.execPath(), "ci"] },
  { name: "fmt", command: task("fmt:check") },
  { name: "lint", command: task("lint") },
  { name: "check", command: task("check") },
  { name: "doc lint", command: task("doc-lint") },
  { name: "test", command: FROM_README, maxMinutes: 20 },
  { name: "more tests", command: task("test:more"), maxMinutes: 20 },
  { name: "doc tests", command: task("test:doc") },
  { name: "soak", command: task("test:soak") },
  { name: "publish dry run", command: task("publish:check") },
  { name: "bundle", command: task("bundle") },
  { name: "bundle serves", command: task("bundle:check"), needs: "src/cli/main.ts" },
  { name: "compile check", command: task("compile:check") },
  {
    name: "conformance",
    command: task("test:conformance"),
    needs: "tests/conformance",
    maxMinutes: 20,
  },
];

function task(name: string): string[] {
  return [Deno.execPath(), "task", name];
}
