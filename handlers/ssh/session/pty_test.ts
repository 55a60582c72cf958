import { match, ok, strictEqual } from "node:assert/strict";

import { testOrSkip } from "../../../tests/tools/skip.ts";
import { nodePtyProvider } from "./node_pty_adapter.ts";
import type { ProgramSpec } from "./program.ts";
import type { Pty, PtyProvider } from "./pty.ts";
import { scriptPtyProvider } from "./script_pty.ts";

const SIZE = { columns: 80, rows: 24 };

for (
  const [name, find] of [["node-pty", nodePtyProvider], ["script", scriptPtyProvider]] as const
) {
  const provider = await find();
  const reason = provider ? undefined : `${name} does not work here`;

  testOrSkip(`${name} runs a program on a terminal of the wanted size`, reason, async () => {
    const pty = await open(provider, "tty; stty size; exit 7");
    match(await shown(pty), /\/dev\/\S+\r\n24 80\r\n/);
    strictEqual(JSON.stringify(await pty.ended), '{"code":7}');
  });

  testOrSkip(`${name} changes the size while the program runs`, reason, async () => {
    const pty = await open(
      provider,
      "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done",
    );
    await until(pty, /ready/);
    pty.resize({ columns: 100, rows: 30 });
    match(await shown(pty), /30 100/);
  });

  testOrSkip(`${name} takes a paste that is larger than a terminal's buffer`, reason, async () => {
    // On Deno, node-pty never took up again a write that met a full terminal.
    const pty = await open(provider, "stty raw -echo; echo ready; head -c 200000 | wc -c");
    await until(pty, /ready/);
    await pty.write(new Uint8Array(200_000).fill(120));
    match(await shown(pty), /200000/);
  });

  testOrSkip(
    `${name} loses nothing of what a program shows last, to a slow reader`,
    reason,
    async () => {
      const pty = await open(
        provider,
        "stty -opost; head -c 1000000 /dev/zero | tr '\\0' x; printf end",
      );
      await new Promise((resolve) => setTimeout(resolve, 500)); // it has ended long before we read
      const all = await shown(pty);
      strictEqual(all.length, 1_000_003);
      ok(all.endsWith("end"));
    },
  );

  testOrSkip(`${name} ends programs that hang up on nobody`, reason, async () => {
    // Of script it ended only script: the program was left behind, without a terminal.
    const pty = await open(provider, "trap '' HUP; echo pid=$$; while :; do sleep 0.1; done");
    const [, pid] = /pid=(\d+)\r/.exec(await until(pty, /pid=\d+\r/)) ?? [];
    ok(pid);
    const hungUp = pty.hangUp();
    while (await pty.read() !== null);
    await pty.ended;
    await hungUp;
    strictEqual(await isRunning(pid), false);
  });

  testOrSkip(`${name} sends Ctrl-C to what runs in front`, reason, async () => {
    const pty = await open(provider, "echo ready; sleep 60; echo after $?");
    await until(pty, /ready/);
    await pty.write(new TextEncoder().encode("\x03"));
    while (await pty.read() !== null);
    ok(await pty.ended);
  });
}

const nodePty = await nodePtyProvider();
testOrSkip(
  "node-pty hangs up on the jobs of a shell that had to be killed",
  nodePty ? undefined : "node-pty does not work here",
  async () => {
    const line = "set -m; sleep 600 & echo job=$!; trap '' HUP; while :; do sleep 0.1; done";
    const pty = await open(nodePty, line);
    const [, job] = /job=(\d+)\r/.exec(await until(pty, /job=\d+\r/)) ?? [];
    ok(job);
    const hungUp = pty.hangUp();
    while (await pty.read() !== null);
    await hungUp;
    while (await isRunning(job)) await new Promise((resolve) => setTimeout(resolve, 10));
  },
);

async function isRunning(pid: string): Promise<boolean> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => ") Z ");
  return !stat.includes(") Z ");
}

async function open(provider: PtyProvider | undefined, line: string): Promise<Pty> {
  const env = { PATH: Deno.env.get("PATH") ?? "", TERM: "xterm" };
  const program: ProgramSpec = { argv: ["/bin/sh", "-c", line], env, cwd: "/" };
  const pty = await provider?.open(program, SIZE);
  ok(pty);
  return pty;
}

async function shown(pty: Pty): Promise<string> {
  const all = await until(pty, /$never^/);
  await pty.ended;
  return all;
}

/** What is shown until something matches, or the end. */
async function until(pty: Pty, pattern: RegExp): Promise<string> {
  const decoder = new TextDecoder();
  let all = "";
  for (let bytes = await pty.read(); bytes !== null; bytes = await pty.read()) {
    all += decoder.decode(bytes, { stream: true });
    if (pattern.test(all)) break;
  }
  return all;
}
