/**
 * OpenSSH's own regression tests (Debian's openssh-tests) with our handler in the place of sshd and
 * our server of files in the place of sftp-server. `ALKNET_TEST_ALL=1` runs the slow ones as well.
 */
import { deepStrictEqual } from "node:assert/strict";

import { testOrSkip } from "../tools/skip.ts";
import { type Case, FAST, NOT_APPLICABLE, SLOW } from "./openssh/cases.ts";
import { REGRESS, SuiteCopy, suiteMissing } from "./openssh/suite.ts";

const TIMEOUT_MS = 600_000;

testOrSkip(
  "every regression test of OpenSSH is run or has a reason not to be",
  suiteMissing,
  async () => {
    const makefile = await Deno.readTextFile(`${REGRESS}/Makefile`);
    const list = /^LTESTS=((?:.*\\\n)*.*)$/m.exec(makefile)?.[1] ?? "";
    const scripts = list.replaceAll("\\\n", " ").trim().split(/\s+/);
    const known = [FAST, SLOW, NOT_APPLICABLE].flatMap((table) => Object.keys(table));
    deepStrictEqual(known.sort(), scripts.sort());
  },
);

testOrSkip(
  "OpenSSH's regression tests pass with our handler",
  suiteMissing,
  (t) => runAll(t, FAST),
);

testOrSkip(
  "OpenSSH's slow regression tests pass with our handler",
  suiteMissing ?? slowReason(),
  (t) => runAll(t, SLOW),
);

function slowReason(): string | undefined {
  const isWanted = Deno.env.get("ALKNET_TEST_ALL") === "1";
  return isWanted ? undefined : "takes ten minutes; run with ALKNET_TEST_ALL=1";
}

async function runAll(t: Deno.TestContext, cases: Readonly<Record<string, Case>>): Promise<void> {
  await using suite = await SuiteCopy.make();
  for (const [script, { pinned = [], because }] of Object.entries(cases)) {
    const name = because === undefined ? script : `${script}, but for pinned failures: ${because}`;
    await t.step(name, async () => {
      const { failures, skips, output } = await suite.run(script, TIMEOUT_MS);
      const surprising = failures.filter((each) => !pinned.some((known) => known.test(each)));
      const gone = pinned.filter((known) => !failures.some((each) => known.test(each)));
      const lines = output.split("\n").slice(-30).join("\n");
      deepStrictEqual({ surprising, gone, skips }, { surprising: [], gone: [], skips: [] }, lines);
    });
  }
}
