/** What the owner of a node may restrict about SSH, as OpenSSH's client meets it. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, testOrSkip } from "../tools/skip.ts";
import { SshLab } from "./support/ssh.ts";

const noSsh = missing("ssh") ?? missing("ssh-keygen");
const SHOW = ["-o", "LogLevel=INFO"];
/** Programs that run without a shell, whose start-up files may take longer than a session's time. */
const SCOPES = ["true", "sleep", "printenv"].map((program) => `ssh:exec:${program}`);

testOrSkip(
  "a banner, variables, a key's options and idle times, over QUIC and TCP",
  noSsh,
  async (t) => {
    await using lab = await SshLab.start({
      scopes: SCOPES,
      config: (id) => [
        'banner = """Members only.\nWir sind auch für Gäste da."""',
        'set_env = ["ALKNET_NODE=head"]',
        `key_options = ['${id} environment="ALKNET_KEY=laptop",environment="ALKNET_NODE=x",no-pty']`,
        "session_idle_ms = 4000",
        "unused_ms = 1000",
      ],
    });
    const [quic, tcp] = [await lab.configure("quic"), await lab.configure("tcp")];

    await t.step("the banner comes before the login, whoever it is", async () => {
      for (const config of [quic, await lab.configure("tcp", "stranger")]) {
        const { err } = await lab.ssh(config, [...SHOW, "head", "true"]);
        match(err, /^(Warning: Perm.*\n)?Members only\.\r?\nWir sind auch für Gäste da\.\r?\n/);
      }
    });

    await t.step("programs have the node's variables and the key's", async () => {
      const { out, err } = await lab.ssh(quic, ["head", "printenv ALKNET_NODE ALKNET_KEY"]);
      strictEqual(out, "head\nlaptop\n", err);
      const { err: refused } = await lab.ssh(tcp, [...SHOW, "-tt", "head", "true"]);
      match(refused, /PTY allocation request failed/);
    });

    await t.step(
      "a command that is silent ends, and so does a connection without any",
      async () => {
        strictEqual((await lab.ssh(tcp, ["head", "sleep 600"])).code, 255);
        const unused = await lab.ssh(tcp, [...SHOW, "-N", "head"]);
        strictEqual(unused.code, 255);
        match(unused.err, /nothing was open for too long|closed by remote host|Connection closed/);
      },
    );
  },
);

testOrSkip("keys that are revoked or come from another place get nowhere", noSsh, async (t) => {
  const directory = await Deno.makeTempDir({ prefix: "alknet-e2e-" });
  const file = join(directory, "revoked");
  await Deno.writeTextFile(file, "");
  await using lab = await SshLab.start({
    scopes: SCOPES,
    config: (_id, stranger) => [
      `revoked_keys_file = "${file}"`,
      `key_options = ['${stranger} from="192.0.2.0/24,2001:db8::/32"']`,
    ],
  });
  const config = await lab.configure("tcp");

  await t.step("from= holds over plain TCP and over QUIC", async () => {
    const key = lab.path("stranger.pub");
    strictEqual((await lab.node.alknet("peer", "add", "bob", "--ssh-key", key)).code, 0);
    for (const way of ["tcp", "quic"] as const) {
      const { code, err } = await lab.ssh(await lab.configure(way, "stranger"), ["head", "true"]);
      strictEqual(code, 255);
      match(err, /Permission denied \(publickey\)/);
    }
  });

  await t.step("a list of ssh-keygen -k is taken up while the node runs", async () => {
    strictEqual((await lab.ssh(config, ["head", "true"])).code, 0);
    const made = await lab.run("ssh-keygen", ["-q", "-k", "-f", `${file}.new`, lab.path("id.pub")]);
    strictEqual(made.code, 0, made.err);
    await Deno.rename(`${file}.new`, file);
    await until(async () => (await lab.ssh(config, ["head", "true"])).code === 255);
    match(lab.serving.log, /auth\.ssh-refused user=alice/);
  });

  await t.step("while the list is gone nobody gets in", async () => {
    await Deno.writeTextFile(file, "# empty\n");
    await until(async () => (await lab.ssh(config, ["head", "true"])).code === 0);
    await Deno.remove(directory, { recursive: true });
    await until(async () => (await lab.ssh(config, ["head", "true"])).code === 255);
    match(lab.serving.log, /ssh\.revocations-unreadable/);
  });
});

/** Tries until it is so: a list is looked at once a second. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!await isSo()) ok(performance.now() < deadline);
}
