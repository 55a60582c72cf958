/** What the owner of a node sees and does about SSH: sessions, revocation, keys, accounts. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, testOrSkip } from "../tools/skip.ts";
import { SshLab } from "./support/ssh.ts";
import { Tmux } from "./support/tmux.ts";

const noSsh = missing("ssh") ?? missing("ssh-keygen");
const noTerminal = noSsh ?? missing("tmux");

interface Session {
  readonly id: string;
  readonly peer: string;
  readonly channels: readonly string[];
}

testOrSkip("removing a peer ends its shell, wherever it came from", noTerminal, async () => {
  for (const way of ["quic", "tcp"] as const) {
    await using lab = await SshLab.start();
    const config = await lab.configure(way);
    await using tmux = await Tmux.start(
      `ssh -F '${config}' head; echo "ended $?"; sleep 60`,
      lab.client.env,
    );
    await tmux.shows(/[#$]\s*$/m);
    const [session] = await lab.node.json<Session[]>("ssh", "who");
    strictEqual(session?.peer, "alice");
    strictEqual((await lab.node.alknet("peer", "remove", "alice")).code, 0);
    await tmux.shows(/ended 255/);
    strictEqual((await lab.node.json<Session[]>("ssh", "who")).length, 0);
    match(lab.serving.log, /ssh\.logout .*reason="permission withdrawn"/);
  }
});

testOrSkip("ssh kill ends one session, and leaves the other", noTerminal, async () => {
  await using lab = await SshLab.start();
  const config = await lab.configure("tls");
  const command = `ssh -F '${config}' head; echo "ended $?"; sleep 60`;
  await using first = await Tmux.start(command, lab.client.env);
  await first.shows(/[#$]\s*$/m);
  await using second = await Tmux.start(command, lab.client.env);
  await second.shows(/[#$]\s*$/m);
  const [session] = await lab.node.json<Session[]>("ssh", "who");
  strictEqual((await lab.node.alknet("ssh", "kill", session?.id ?? "")).code, 0);
  await first.shows(/ended 255/);
  await second.keys("echo still here", "Enter");
  await second.shows(/^still here$/m);
  strictEqual((await lab.node.alknet("ssh", "kill", "999")).code, 2);
});

testOrSkip("logins and refusals are in the log and in the audit trail", noSsh, async () => {
  await using lab = await SshLab.start();
  strictEqual((await lab.ssh(await lab.configure("tls"), ["head", "true"])).code, 0);
  strictEqual((await lab.ssh(await lab.configure("tls", "stranger"), ["head", "true"])).code, 255);
  match(
    lab.serving.log,
    /ssh\.login user=alice method=publickey .*peer=alice .*remote=127\.0\.0\.1/,
  );
  match(lab.serving.log, /auth\.ssh-refused user=alice method=publickey .*remote=127\.0\.0\.1/);
  const { out } = await lab.node.alknet("audit");
  match(out, /ssh\.login/);
  match(out, /auth\.ssh-refused/);
});

testOrSkip(
  "a key that the node does not show ends the connection of its client",
  noSsh,
  async () => {
    await using lab = await SshLab.start();
    const config = await lab.configure("tcp");
    const known = join(lab.client.home, "ssh_known_hosts");
    const text = await Deno.readTextFile(known);
    match(text, /^head ssh-ed25519 AAAA/);
    const [, other] = (await Deno.readTextFile(lab.path("stranger.pub"))).split(" ");
    await Deno.writeTextFile(known, `head ssh-ed25519 ${other}\n`);
    const { code, err } = await lab.ssh(config, ["head", "true"]);
    strictEqual(code, 255);
    match(err, /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/);
  },
);

testOrSkip("the owner logs in with the node's own key, from the vault's agent", noSsh, async () => {
  await using lab = await SshLab.start();
  const agent = lab.node.spawn("vault", "agent");
  try {
    const { agent: socket } = await lab.node.json<{ agent: string }>("config", "path");
    while (!await Deno.stat(socket).then(() => true, () => false)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const config = await lab.configure("tls", "none");
    const options = ["-o", `IdentityAgent="${socket}"`, "-o", "IdentitiesOnly=no"];
    const { code, err } = await lab.ssh(config, [...options, "head", "true"]);
    strictEqual(code, 0, err);
    match(lab.serving.log, /ssh\.login .*peer=owner/);
  } finally {
    agent.kill("SIGTERM");
    await Promise.all([
      agent.status,
      agent.stdin.close(),
      agent.stdout.cancel(),
      agent.stderr.cancel(),
    ]);
  }
});

const notRoot = Deno.uid() === 0 ? missing("setpriv") : "only root can become another user";

testOrSkip(
  "programs run as the Unix user that a peer may be, and as nobody else",
  noSsh ?? notRoot,
  async () => {
    // Without a shell: the account nobody has one that only says no.
    await using lab = await SshLab.start({
      config: [`unix_users = ["alice:nobody", "bob:root"]`],
      scopes: ["ssh:exec:id"],
    });
    const config = await lab.configure("tcp");
    const as = (user: string) => lab.ssh(config, ["-o", `User=${user}`, "head", "id -un"]);
    strictEqual((await as("nobody")).out, "nobody\n");
    const root = await as("root");
    strictEqual(root.code, 127);
    match(root.err, /no account for this login/);
  },
);

testOrSkip("terminals of the peers that are to be recorded are recorded", noSsh, async () => {
  await using lab = await SshLab.start({ config: [`record = ["alice"]`] });
  const config = await lab.configure("tcp");
  strictEqual((await lab.ssh(config, ["-tt", "head", "echo on tape"])).code, 0);
  const directory = join(lab.node.home, "ssh-recordings");
  const files = await Array.fromAsync(Deno.readDir(directory), ({ name }) => name);
  strictEqual(files.length, 1);
  const lines = (await Deno.readTextFile(join(directory, files[0] ?? ""))).trimEnd().split("\n");
  strictEqual(JSON.parse(lines[0] ?? "").version, 2);
  match(lines.slice(1).join("\n"), /on tape/);
});

testOrSkip("clients that are killed in any state leave the node as it was", noSsh, async () => {
  await using lab = await SshLab.start();
  const config = await lab.configure("tcp");
  const command = "yes & yes >&2; wait";
  for (const afterMs of [0, 20, 50, 100, 200, 400]) {
    const child = lab.spawn("ssh", ["-F", config, "head", command]);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    child.kill("SIGKILL");
    await child.status;
  }
  const deadline = performance.now() + 20_000;
  while ((await lab.node.json<Session[]>("ssh", "who")).length > 0) {
    ok(performance.now() < deadline);
  }
  const { code, out } = await lab.ssh(config, ["head", "echo fine"]);
  strictEqual(code, 0);
  strictEqual(out, "fine\n");
});
