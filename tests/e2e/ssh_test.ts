/** OpenSSH's own client against a node: over QUIC and TLS as a ProxyCommand, and over plain TCP. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../tools/skip.ts";
import { Machine, runProgram } from "./support/cli.ts";
import { SshLab } from "./support/ssh.ts";
import { Tmux, useShell } from "./support/tmux.ts";

const noSsh = missing("ssh") ?? missing("ssh-keygen");

for (const way of ["quic", "tls", "tcp"] as const) {
  testOrSkip(`ssh runs commands, shells and terminals over ${way}`, noSsh, async (t) => {
    await using lab = await SshLab.start();
    const config = await lab.configure(way);

    await t.step("standard output, standard error and the exit code come apart", async () => {
      const ran = await lab.ssh(config, ["head", "echo out; echo err >&2; exit 7"]);
      deepStrictEqual([ran.code, ran.out, ran.err], [7, "out\n", "err\n"]);
    });

    await t.step("standard input reaches the program, and its end too", async () => {
      const text = "0123456789abcdef\n".repeat(200_000);
      const ran = await lab.ssh(config, ["head", "cat; echo done >&2"], text);
      strictEqual(ran.code, 0, ran.err);
      strictEqual(ran.out.length, text.length);
      ok(ran.out === text, "bytes differ");
      strictEqual(ran.err, "done\n");
    });

    await t.step("a shell without a terminal takes its lines", async () => {
      const ran = await lab.ssh(config, ["head"], "echo from a shell; exit 3\n");
      strictEqual(ran.code, 3, ran.err);
      match(ran.out, /from a shell\n/);
    });

    await t.step("a program that dies of a signal", async () => {
      strictEqual((await lab.ssh(config, ["head", "kill -TERM $$"])).code, 255);
    });

    await t.step("a terminal has its kind and a size", async () => {
      const line = "stty size; tty; echo $TERM; exit 5";
      const ran = await lab.ssh(config, ["-tt", "head", line]);
      strictEqual(ran.code, 5, ran.err);
      match(ran.out, /^24 80\r\n\/dev\/pts\/\d+\r\n/);
    });

    await t.step("a key that nobody has gets nothing and learns nothing", async () => {
      const strange = await lab.configure(way, "stranger");
      const answers = await Promise.all(
        ["alice", "nobody-here"].map((user) =>
          lab.ssh(strange, ["-o", `User=${user}`, "head", "id"])
        ),
      );
      const [known, unknown] = answers.map((
        { code, out, err },
      ) => [code, out, err.replaceAll(/alice|nobody-here/g, "USER")]);
      deepStrictEqual(known, unknown);
      match(String(known), /^255,,USER@\S+ Permission denied \(publickey\)/);
    });
  });
}

testOrSkip(
  "a terminal over QUIC follows the size of the window, and takes Ctrl-C and UTF-8",
  noSsh ?? missing("tmux"),
  async () => {
    await using lab = await SshLab.start();
    const config = await lab.configure("quic");
    await using tmux = await Tmux.start(`ssh -F '${config}' head`, lab.client.env);
    await useShell(tmux);
    await tmux.keys("exit 0", "Enter");
  },
);

testOrSkip("ssh runs over standard input and output", noSsh, async () => {
  await using client = await Machine.fresh();
  const id = `${client.home}/id`;
  strictEqual(
    (await runProgram("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", id])).code,
    0,
  );
  const shim = new URL("support/ssh_stdio.ts", import.meta.url).pathname;
  const proxy = `'${Deno.execPath()}' run -A -q '${shim}' '${id}.pub'`;
  const options = ["BatchMode=yes", "StrictHostKeyChecking=no", "LogLevel=ERROR"]
    .concat([`UserKnownHostsFile="${client.home}/known"`, `ProxyCommand=${proxy}`])
    .flatMap((each) => ["-o", each]);
  const line = "cat; echo err >&2; exit 5";
  const args = [...options, "-i", id, "alice@stdio", line];
  const { code, out, err } = await runProgram("ssh", args, { stdin: "in\n", env: client.env });
  strictEqual(code, 5, err);
  deepStrictEqual([out, err], ["in\n", "err\n"]);
});

testOrSkip(
  "ssh runs over openssl s_client, which checks the node's certificate",
  noSsh ?? missing("openssl"),
  async () => {
    await using lab = await SshLab.start();
    await lab.configure("tls"); // takes down the host key
    const { out: ca } = await lab.node.alknet("id", "--ca");
    const { out: name } = await lab.node.alknet("id", "--only", "server-name");
    const file = await lab.client.write("ca.pem", ca);
    const proxy = [
      `openssl s_client -quiet -verify_quiet -verify_return_error -connect 127.0.0.1:${lab.serving.port}`,
      `-servername ${name.trim()} -alpn alknet/ssh -CAfile '${file}' 2>/dev/null`,
    ].join(" ");
    const options = ["BatchMode=yes", "HostKeyAlias=head", `ProxyCommand=${proxy}`]
      .concat([`UserKnownHostsFile="${lab.path("ssh_known_hosts")}"`])
      .flatMap((each) => ["-o", each]);
    const args = [...options, "-i", lab.path("id"), "alice@head", "echo by openssl"];
    const { out, err } = await lab.run("ssh", args);
    strictEqual(out, "by openssl\n", err);
  },
);
