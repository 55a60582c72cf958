/** What restricts a key holds, for plain keys, certificates and proofs of the connection. */
import { match, rejects, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../../../tests/tools/skip.ts";
import {
  ChannelRefusedError,
  openTcp,
  parseForwardRule,
  parseKeyOptions,
  SshAuthError,
  sshFingerprint,
} from "../mod.ts";
import { Authority } from "../testdata/authority.ts";
import { exec, type LabOptions, ptyRequest, SshLab } from "../testdata/support.ts";
import { SshWriter } from "../wire/ssh_writer.ts";

const noKeygen = missing("ssh-keygen");
const HOUR_MS = 3_600_000;

/** Options for every key there is. */
function restricted(options: string): Partial<LabOptions> {
  const restrictions = parseKeyOptions(options);
  return { restrictionsOf: () => restrictions };
}

Deno.test("from= lets a key in from there and from nowhere else", async () => {
  const rules = restricted('from="192.0.2.0/24,!192.0.2.9"');
  await using inside = await SshLab.start({ ...rules, from: "::ffff:192.0.2.7" });
  await using client = await inside.connect();
  strictEqual((await exec(client, "echo in")).out, "in\n");
  for (const from of ["192.0.2.9", "198.51.100.1", "::1", "memory"]) {
    await using outside = await SshLab.start({ ...rules, from });
    await rejects(outside.connect(), SshAuthError);
    strictEqual(outside.events.at(-1)?.kind, "auth.ssh-refused");
  }
});

Deno.test("expiry-time= keeps a key out from then on, and ends its sessions", async () => {
  let nowMs = Date.now();
  const restrictionsOf = () => ({ expiresAt: new Date(nowMs + HOUR_MS) });
  const restrictions = restrictionsOf();
  await using lab = await SshLab.start({
    restrictionsOf: () => restrictions,
    now: () => nowMs,
    limits: { keepAliveMs: 20 },
  });
  await using client = await lab.connect();
  nowMs += HOUR_MS;
  await client.ended;
  await lab.idle();
  strictEqual(lab.events.at(-1)?.reason, "permission withdrawn");
  await rejects(lab.connect(), SshAuthError);
});

Deno.test("environment= and setEnv reach programs, setEnv before all others", async () => {
  await using lab = await SshLab.start({
    ...restricted('environment="LC_KEY=key",environment="LC_BOTH=key"'),
    setEnv: new Map([["LC_BOTH", "node"], ["LC_NODE", "node"]]),
  });
  await using client = await lab.connect();
  const channel = await client.multiplexer.open("session");
  const variable = new SshWriter().string("LC_KEY").string("client").finish();
  strictEqual(await channel.ask("env", variable), true);
  channel.close();
  const { out } = await exec(client, 'echo "$LC_KEY $LC_BOTH $LC_NODE"');
  strictEqual(out, "key node node\n");
});

Deno.test("permitopen= and permitlisten= narrow the node's rules for a key", async () => {
  using echo = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = echo.addr;
  const rules = {
    forwardRules: [parseForwardRule("allow *:*")],
    listenRules: [parseForwardRule("allow *:*")],
  };
  const listen = new SshWriter().string("127.0.0.1").uint32(0).finish();
  const can = async (options: string): Promise<string> => {
    await using lab = await SshLab.start({ ...rules, ...restricted(options) });
    await using client = await lab.connect();
    const open = await openTcp(client, { hostname: "127.0.0.1", port }).then(
      (stream) => (stream.reset(), true),
      (error) => (strictEqual(error instanceof ChannelRefusedError, true), false),
    );
    const listening = await client.multiplexer.ask("tcpip-forward", listen);
    return `${open},${listening !== false}`;
  };
  strictEqual(
    await can(`permitopen="127.0.0.0/8:${port}",permitlisten="127.0.0.1:*"`),
    "true,true",
  );
  strictEqual(await can(`permitopen="127.0.0.1:1"`), "false,true");
  strictEqual(await can(`permitlisten="127.0.0.2:*"`), "true,false");
  strictEqual(await can("restrict"), "false,false");
});

testOrSkip("what restricts an authority restricts its certificates as well", noKeygen, async () => {
  await using authority = await Authority.create("-t", "ed25519");
  const alice = await authority.certify("-n", "alice");
  const forced = await authority.certify("-n", "alice", "-O", "force-command=echo other");
  const options = parseKeyOptions('no-pty,command="echo only this",from="192.0.2.0/24"');
  const restrictionsOf = (fingerprint: string) =>
    fingerprint === sshFingerprint(authority.blob) ? options : undefined;
  const rules = { authorities: [authority.blob], restrictionsOf };
  await using lab = await SshLab.start({ ...rules, from: "192.0.2.1" });
  await using client = await lab.connect({ keys: [alice] });
  strictEqual((await exec(client, "id")).out, "only this\n");
  await rejects(exec(client, "id", { pty: ptyRequest(80, 24) }), /no pty/);
  await rejects(lab.connect({ keys: [forced] }), SshAuthError); // two commands, one too many
  await using elsewhere = await SshLab.start({ ...rules, from: "192.0.3.1" });
  await rejects(elsewhere.connect({ keys: [alice] }), SshAuthError);
});

/** A node's own key is an SSH key as well: it must not get in around what restricts that. */
Deno.test("what restricts a key holds where the connection has proven it", async () => {
  const proven = { id: "bob", scopes: ["ssh:exec"], resources: {} };
  const key = new Uint8Array(32).fill(3);
  const provenBy = `ed25519:${key.toHex()}`;
  const blob = new SshWriter().string("ssh-ed25519").string(key).finish();
  const options = parseKeyOptions('command="echo only this",from="192.0.2.0/24"');
  const restrictionsOf = (fingerprint: string) =>
    fingerprint === sshFingerprint(blob) ? options : undefined;
  const rules = { proven, provenBy, acceptPeerProof: true, restrictionsOf };
  await using lab = await SshLab.start({ ...rules, from: "192.0.2.1" });
  await using client = await lab.connect({ keys: [] });
  match((await exec(client, "id")).out, /^only this/);
  await using elsewhere = await SshLab.start({ ...rules, from: "192.0.3.1" });
  await rejects(elsewhere.connect({ keys: [] }), SshAuthError);
});
