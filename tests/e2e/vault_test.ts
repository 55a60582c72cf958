/** What protects the twelve words, with the command line and OpenSSH's own tools. */
import { doesNotMatch, match, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, testOrSkip } from "../tools/skip.ts";
import { Machine, runProgram } from "./support/cli.ts";

const PASSPHRASE = "correct horse battery staple";

/** A machine whose vault has a passphrase and whose key file is gone. */
async function withPassphrase(): Promise<Machine> {
  const a = await Machine.fresh();
  strictEqual((await a.alknet("init")).code, 0);
  const upgraded = await a.alknetWith(
    { stdin: `${PASSPHRASE}\n` },
    ...["vault", "passphrase", "--new-passphrase-fd", "0"],
  );
  strictEqual(upgraded.code, 0, upgraded.err);
  return a;
}

Deno.test("a node started with no set-up says how its vault is sealed, and can be upgraded", async () => {
  await using a = await Machine.fresh();
  const child = a.spawn("serve", "--listen", "127.0.0.1:0");
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("alknet status")) said += (await reader.read()).value ?? "";
  match(said, /sealed with the key file/);
  match(said, /alknet vault passphrase/);
  child.kill("SIGTERM");
  strictEqual((await child.status).code, 0);
  await Promise.all([reader.cancel(), child.stdin.close(), child.stderr.cancel()]);
  for (const file of ["vault.json", "vault.json.key"]) {
    strictEqual(((await Deno.stat(join(a.home, file))).mode ?? 0) & 0o777, 0o600);
  }
});

Deno.test("vault passphrase removes the key file; only the passphrase opens the vault then", async () => {
  await using a = await withPassphrase();
  const files = await Array.fromAsync(Deno.readDir(a.home), ({ name }) => name);
  ok(!files.includes("vault.json.key"), files.join(" "));

  const none = await a.alknetWith({ stdin: "" }, "vault", "phrase");
  strictEqual(none.code, 7);
  match(none.err, /no terminal; use --passphrase-fd N or an agent/);

  const wrong = await a.alknetWith({ stdin: "guess\n" }, "vault", "phrase", "--passphrase-fd", "0");
  strictEqual(wrong.code, 7);
  strictEqual(wrong.err.trim().split("\n").length, 1, wrong.err);
  doesNotMatch(wrong.err, /defect/);

  const right = await a.alknetWith(
    { stdin: `${PASSPHRASE}\n` },
    ...["vault", "phrase", "--passphrase-fd", "0"],
  );
  strictEqual(right.out.trim().split(" ").length, 12, right.err);
});

testOrSkip(
  "ssh-add lists the node's keys at the agent, and serve starts through it",
  missing("ssh-add"),
  async () => {
    await using a = await withPassphrase();
    const agent = a.spawn("vault", "agent", "--passphrase-fd", "0", "--json");
    const writer = agent.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${PASSPHRASE}\n`));
    const reader = agent.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { socket } = JSON.parse((await reader.read()).value ?? "");

    const listed = await runProgram("ssh-add", ["-L"], { env: { SSH_AUTH_SOCK: socket } });
    match(listed.out, /^ssh-ed25519 \S+ alknet-identity$/m);
    match(listed.out, /^ssh-ed25519 \S+ alknet-ssh-host$/m);
    {
      await using node = await a.serve();
      strictEqual(node.nodeId, (await a.json<{ nodeId: string }>("id")).nodeId);
    }
    agent.kill("SIGTERM");
    strictEqual((await agent.status).code, 0);
    await Promise.all([reader.cancel(), writer.close(), agent.stderr.cancel()]);
    notStrictEqual((await a.alknetWith({ stdin: "" }, "vault", "phrase")).code, 0);
  },
);

Deno.test("init refuses to overwrite a vault, and refuses words that are none", async () => {
  await using a = await Machine.fresh();
  const bad = await a.alknetWith({ stdin: "not really words\n" }, "init", "--phrase-fd", "0");
  strictEqual(bad.code, 2, bad.err);
  doesNotMatch(bad.err, /really/); // a mistyped phrase is still nearly the secret
  strictEqual((await a.alknet("init")).code, 0);
  const again = await a.alknet("init");
  strictEqual(again.code, 2);
  match(again.err, /There is a vault already/);
});
