/** `alknet ssh`, our own client: against a node over QUIC, TLS and TCP, and against OpenSSH's sshd. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";

import { freePort } from "../tools/free_port.ts";
import { missing, testOrSkip } from "../tools/skip.ts";
import { cliArgs, type Outcome } from "./support/cli.ts";
import { Forwarding } from "./support/forwarding.ts";
import { SshLab, untilListening, type Way } from "./support/ssh.ts";
import { Sshd } from "./support/sshd.ts";
import { Tmux, useShell } from "./support/tmux.ts";

const noKeys = missing("ssh-keygen");

/** Words that log in with alice's key: what comes before and behind the options. */
async function loginWords(lab: SshLab, way: Way): Promise<{ how: string[]; target: string }> {
  const key = ["ssh", "-i", lab.path("id")];
  return way === "tcp"
    ? { how: [...key, "--host-key", await lab.hostKey()], target: `tcp://127.0.0.1:${lab.tcpPort}` }
    : { how: [...key, "--transport", way], target: lab.serving.target };
}

/** Runs `alknet ssh` on the client; `args` are the command, or options, `--` and the command. */
async function ssh(
  lab: SshLab,
  way: Way,
  args: readonly string[],
  stdin?: string,
): Promise<Outcome> {
  const { how, target } = await loginWords(lab, way);
  const at = args.indexOf("--");
  const words = [...how, ...args.slice(0, Math.max(at, 0)), target, ...args.slice(at + 1)];
  return await lab.client.alknetWith({ stdin }, ...words);
}

/** Words for a shell. */
function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(" ");
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

    await t.step("bytes of every value pass unchanged, both ways", async () => {
      const bytes = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);
      await Deno.writeFile(lab.path("bytes"), bytes);
      const words = [Deno.execPath(), ...cliArgs(), "ssh", "-i", lab.path("id")];
      const line = `${
        quoted(words)
      } ${lab.serving.target} cat < "$HOME/bytes" | cmp - "$HOME/bytes"`;
      const { code, out, err } = await lab.run("sh", ["-c", line]);
      strictEqual(code, 0, out + err);
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

testOrSkip(
  "a terminal follows the size of the window, takes Ctrl-C and UTF-8, and is left by ~.",
  noKeys ?? missing("tmux"),
  async () => {
    await using lab = await SshLab.start();
    const words = [Deno.execPath(), ...cliArgs(), "ssh", "-i", lab.path("id"), lab.serving.target];
    const line = quoted(words);
    await using tmux = await Tmux.start(
      `${line}; echo "ended $?"; stty -a; sleep 60`,
      lab.client.env,
    );
    await useShell(tmux);
    await tmux.keys("~", "?");
    await tmux.shows(/~\. {2}leave/);
    await tmux.keys("Enter", "~", ".");
    const screen = await tmux.shows(/ended 255[\s\S]*icanon/);
    match(screen, /(?<!-)icanon/, "the terminal was left raw");
  },
);

testOrSkip("removing a peer ends its shell", noKeys ?? missing("tmux"), async () => {
  await using lab = await SshLab.start();
  const words = [Deno.execPath(), ...cliArgs(), "ssh", "-i", lab.path("id"), lab.serving.target];
  const line = quoted(words);
  await using tmux = await Tmux.start(`${line}; echo "ended $?"; sleep 60`, lab.client.env);
  await tmux.shows(/[#$]\s*$/m);
  strictEqual((await lab.node.alknet("peer", "remove", "alice")).code, 0);
  await tmux.shows(/permission withdrawn[\s\S]*ended 255/);
});

testOrSkip("without a terminal signals go to the program there", noKeys, async () => {
  await using lab = await SshLab.start();
  const command = "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.1; done";
  const child = lab.client.spawn("ssh", "-i", lab.path("id"), lab.serving.target, command);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  strictEqual((await reader.read()).value, "ready\n");
  child.kill("SIGTERM");
  strictEqual((await reader.read()).value, "caught\n");
  strictEqual((await child.status).code, 9);
  await reader.cancel();
  await Promise.all([child.stdin.close().catch(() => {}), child.stderr.cancel()]);
});

testOrSkip("ssh -N forwards and runs nothing", noKeys ?? missing("curl"), async () => {
  await using web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("forwarded"),
  );
  const to = `127.0.0.1:${web.addr.port}`;
  await using lab = await SshLab.start({ config: [`forward = ["allow ${to}"]`] });
  const port = freePort();
  const options = ["-N", "-L", `${port}:${to}`, "-i", lab.path("id")];
  const child = lab.client.spawn("ssh", ...options, lab.serving.target);
  await untilListening(port);
  strictEqual((await lab.run("curl", ["-sS", `http://127.0.0.1:${port}/`])).out, "forwarded");
  child.kill("SIGTERM");
  strictEqual((await child.status).code, 255);
  const { stdin, stdout, stderr } = child;
  await Promise.all([stdin.close().catch(() => {}), stdout.cancel(), stderr.cancel()]);
});

testOrSkip("the owner needs no key but the node's own", noKeys, async () => {
  await using lab = await SshLab.start({ config: [`peer_proof = "accept"`] });
  const { target } = lab.serving;
  const own = await lab.node.alknet("ssh", "--auth", target, "echo", "hello");
  deepStrictEqual([own.code, own.out], [0, "hello\n"], own.err);
  const proof = ["--auth", "-i", lab.path("stranger")];
  const proven = await lab.node.alknet("ssh", ...proof, target, "echo", "proven");
  deepStrictEqual([proven.code, proven.out], [0, "proven\n"], proven.err);
  const unproven = await lab.node.alknet("ssh", "--transport", "tls", target, "true");
  deepStrictEqual([unproven.code, /give --auth/.test(unproven.err)], [255, true], unproven.err);
  match(lab.serving.log, /ssh\.login .*method=peer .*peer=owner/);
});

testOrSkip(
  "keys come from an agent, which is lent where that is asked for",
  noKeys ?? missing("ssh-agent"),
  async () => {
    await using lab = await SshLab.start({ config: [`offer = ["exec", "agent"]`] });
    const inAgent = (options: string, command: string): Promise<Outcome> => {
      const words = quoted([Deno.execPath(), ...cliArgs(), "ssh"]);
      const line = `ssh-add -q '${lab.path("stranger")}' && ssh-add -q '${lab.path("id")}' && ` +
        `${words} ${options} ${lab.serving.target} '${command}'`;
      return lab.run("ssh-agent", [
        "-a",
        lab.path(crypto.randomUUID().slice(0, 4)),
        "sh",
        "-c",
        line,
      ]);
    };
    strictEqual((await inAgent("", "echo $SSH_AUTH_SOCK")).out, "\n");
    const lent = await inAgent("-A", "ssh-add -l | wc -l");
    strictEqual(lent.out.trim(), "2", lent.err);
  },
);

testOrSkip("another host key than the one expected ends it before login", noKeys, async () => {
  await using lab = await SshLab.start();
  const target = `tcp://127.0.0.1:${lab.tcpPort}`;
  const key = ["-i", lab.path("id")];
  const unknown = await lab.client.alknet("ssh", ...key, target, "true");
  deepStrictEqual([unknown.code, /is not known/.test(unknown.err)], [255, true], unknown.err);
  const wrong = ["--host-key", `SHA256:${"A".repeat(43)}`];
  const refused = await lab.client.alknet("ssh", ...key, ...wrong, target, "true");
  deepStrictEqual([refused.code, /another host key/.test(refused.err)], [255, true], refused.err);
  ok(!/ssh\.login|ssh-refused/.test(lab.serving.log), lab.serving.log);
  strictEqual((await ssh(lab, "quic", ["true"])).code, 0);
  const file = lab.path("ssh_known_hosts");
  const known = await Deno.readTextFile(file);
  ok(known.includes(`${lab.serving.nodeId} ssh-ed25519 `), known);
  const strange = (await Deno.readTextFile(lab.path("stranger.pub"))).split(" ")[1];
  await Deno.writeTextFile(file, `${lab.serving.nodeId} ssh-ed25519 ${strange}\n`);
  const changed = await ssh(lab, "quic", ["true"]);
  deepStrictEqual([changed.code, /another host key than before/.test(changed.err)], [255, true]);
});

testOrSkip(
  "OpenSSH's sshd is served too: commands, terminals and forwards",
  noKeys ?? missing("sshd") ?? missing("curl"),
  async () => {
    await using lab = await SshLab.start();
    await using sshd = await Sshd.start(lab.path("id.pub"));
    const user = Deno.env.get("USER") ?? "root";
    const key = ["-l", user, "-i", lab.path("id"), "--host-key", sshd.fingerprint];
    const run = (...args: readonly string[]): Promise<Outcome> =>
      lab.client.alknet("ssh", ...key, ...args);
    const ran = await run(sshd.target, "echo out; echo err >&2; exit 7");
    deepStrictEqual([ran.code, ran.out, ran.err], [7, "out\n", "err\n"]);
    match((await run("-t", sshd.target, "stty size")).out, /^24 80\r\n$/);
    strictEqual((await run(sshd.target, "kill -TERM $$")).code, 255);
    await using web = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response("through sshd"),
    );
    const to = `127.0.0.1:${web.addr.port}`;
    await using running = Forwarding.start(
      lab.client,
      ...["forward", ...key, "-L", `0:${to}`, "-R", `0:${to}`, sshd.target],
    );
    const here = await running.until(({ side }) => side === "here");
    const there = await running.until(({ side }) => side === "there");
    for (const { address } of [here, there]) {
      const { out, err } = await lab.run("curl", ["-sS", "-m", "20", `http://${address}/`]);
      strictEqual(out, "through sshd", err);
    }
  },
);
