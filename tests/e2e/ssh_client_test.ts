/** `alknet ssh`, our own client: against a node over QUIC, TLS and TCP, and against OpenSSH's sshd. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../tools/skip.ts";
import { cliArgs, type Outcome, runProgram } from "./support/cli.ts";
import { SshLab, type Way } from "./support/ssh.ts";

const noKeys = missing("ssh-keygen");

/** Runs `alknet ssh` on the client, with alice's key. */
async function ssh(
  lab: SshLab,
  way: Way,
  args: readonly string[],
  stdin?: string,
): Promise<Outcome> {
  const target = way === "tcp" ? `tcp://127.0.0.1:${lab.tcpPort}` : lab.serving.target;
  const how = way === "tcp" ? ["--host-key", await lab.hostKey()] : ["--transport", way];
  const [first = "", ...rest] = args.includes("--") ? args.slice(0, args.indexOf("--")) : [];
  const options = [first, ...rest].filter((each) => each !== "");
  const command = args.includes("--") ? args.slice(args.indexOf("--") + 1) : args;
  const words = ["ssh", "-i", lab.path("id"), ...how, ...options, target, ...command];
  return await runProgram(Deno.execPath(), [...cliArgs(), ...words], {
    stdin,
    env: lab.client.env,
  });
}

for (const way of ["quic", "tls", "tcp"] as const) {
  testOrSkip(`alknet ssh runs commands and shells over ${way}`, noKeys, async (t) => {
    await using lab = await SshLab.start();

    await t.step("standard output, standard error and the exit code come apart", async () => {
      const ran = await ssh(lab, way, ["echo out; echo err >&2; exit 7"]);
      deepStrictEqual([ran.code, ran.out, ran.err], [7, "out\n", "err\n"]);
    });

    await t.step("standard input reaches the program, and its end too", async () => {
      const text = "0123456789abcdef\n".repeat(100_000);
      const ran = await ssh(lab, way, ["cat; echo done >&2"], text);
      strictEqual(ran.code, 0, ran.err);
      ok(ran.out === text, `${ran.out.length} bytes`);
      strictEqual(ran.err, "done\n");
    });

    await t.step("a shell without a terminal takes its lines", async () => {
      const ran = await ssh(lab, way, [], "echo from a shell; exit 3\n");
      strictEqual(ran.code, 3, ran.err);
      match(ran.out, /from a shell\n/);
    });

    await t.step("a terminal has its kind and a size", async () => {
      const ran = await ssh(lab, way, ["-t", "--", "stty size; tty; exit 5"]);
      strictEqual(ran.code, 5, ran.err);
      match(ran.out, /^24 80\r\n\/dev\/pts\/\d+\r\n/);
    });

    await t.step("a program that dies of a signal", async () => {
      strictEqual((await ssh(lab, way, ["kill -TERM $$"])).code, 255);
    });
  });
}
