/**
 * Follows README.md as a newcomer would: every `sh` block runs, in order, in one shell beside a
 * running node, and prints what the `text` block after it says, but for ids, times and counts.
 */
import { ok, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../tools/skip.ts";
import { cliArgs, Machine, runProgram } from "./support/cli.ts";

const README = new URL("../../README.md", import.meta.url);
/** The port that README's commands name. */
const PORT = 4433;

interface Step {
  readonly script: string;
  readonly printed?: string;
}

testOrSkip("README's five minutes print what README says", unmet(), async () => {
  await using a = await Machine.fresh();
  await using _node = await a.serve("--listen", `127.0.0.1:${PORT}`);
  await using _laptop = { [Symbol.asyncDispose]: () => endLaptop(a) };
  for (const { script, printed } of stepsOf(await Deno.readTextFile(README))) {
    const { code, out, err } = await runProgram("bash", ["-c", `${prelude()}\n${script}`], {
      env: { ...a.env, ALKNET_HOME: a.home, WORK: a.home },
    });
    strictEqual(code, 0, `${script}\n${err}`);
    if (printed !== undefined) compare(out + err, printed, script);
  }
});

/** The second node, which README starts in the background. */
async function endLaptop({ home, env }: Machine): Promise<void> {
  const status = [...cliArgs(), "status", "--json"];
  const { code, out } = await runProgram(Deno.execPath(), status, {
    env: { ...env, ALKNET_HOME: `${home}/laptop` },
  });
  if (code === 0) Deno.kill(JSON.parse(out).pid, "SIGTERM");
}

/** Functions serve where an interactive shell would have the alias. */
function prelude(): string {
  const command = [Deno.execPath(), ...cliArgs()].map((word) => `"${word}"`).join(" ");
  return `set -e; cd "$WORK"; alknet() { ${command} "$@"; }`;
}

function stepsOf(markdown: string): Step[] {
  const section = markdown.split("## Five minutes")[1]?.split("\n## ")[0] ?? "";
  const blocks = [...section.matchAll(/```(sh|text)\n(.*?)```/gs)];
  const steps = blocks.flatMap(([, kind, body = ""], index): Step[] => {
    if (kind !== "sh") return [];
    const next = blocks[index + 1];
    return [{ script: body, printed: next?.[1] === "text" ? next[2] : undefined }];
  });
  ok(steps.length >= 5, "README has lost its steps");
  return steps;
}

function compare(actual: string, expected: string, script: string): void {
  const lines = new Set(actual.split("\n").map(shape));
  for (const line of expected.trimEnd().split("\n")) {
    ok(lines.has(shape(line)), `Not printed: ${line}\nby: ${script}\nbut: ${actual}`);
  }
}

/** A line without what differs from run to run. */
function shape(line: string): string {
  return line.replaceAll(/[a-z0-9]{52}/g, "<id>").replaceAll(/login\/[\w-]+/g, "<link>").replaceAll(
    /ed25519:[0-9a-f]+/g,
    "<key>",
  )
    .replaceAll(/\d+(\.\d+)?/g, "0");
}

function unmet(): string | undefined {
  return missing("curl") ?? missing("bash") ?? (portFree() ? undefined : `port ${PORT} is taken`);
}

function portFree(): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port: PORT }).close();
    return true;
  } catch {
    return false;
  }
}
