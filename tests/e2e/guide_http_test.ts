/** The commands that the guide shows for HTTP, as they stand there, against a node. */
import { ok, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../tools/skip.ts";
import { cliArgs, Machine, runProgram } from "./support/cli.ts";

const GUIDE = new URL("../../docs/guide.md", import.meta.url);

testOrSkip("the guide's commands for HTTP work", missing("curl") ?? missing("bash"), async () => {
  await using machine = await Machine.fresh();
  await using node = await machine.serve();
  const guide = await Deno.readTextFile(GUIDE);
  const section = guide.split("## Over HTTP")[1] ?? "";
  const [, shown = ""] = /```sh\n(.*?)```/s.exec(section) ?? [];
  ok(shown.includes("/subscribe"), "The guide has lost its commands");
  const alknet = [Deno.execPath(), ...cliArgs()].map((word) => `"${word}"`).join(" ");
  const script = [
    `set -e; shopt -s expand_aliases; cd "$ALKNET_HOME"; alknet() { ${alknet} "$@"; }`,
    shown.replace("4433", String(node.port))
      // A subscription ends when somebody ends it.
      .replace(/^ask -N (.*)$/m, "ask --max-time 1 -N $1 || test $? = 28"),
  ].join("\n");
  const { code, out, err } = await runProgram("bash", ["-c", script], { env: machine.env });
  strictEqual(code, 0, err);
  const seen = [
    '"operations":[',
    '"name":"node/info"',
    `"nodeId":"${node.nodeId}"`,
    '"inputSchema"',
    '"results":[{"id":"me"',
    "\n:\n", // a subscription is open; whether something happens meanwhile is not known
  ];
  for (const text of seen) ok(out.includes(text), `${text} is not in ${out}`);
  ok(!out.includes('"status":4'), out);
});
