/** Certificates made by ssh-keygen, and every reason to refuse one. */
import { rejects, strictEqual } from "node:assert/strict";
import { missing, testOrSkip } from "../../../tests/tools/skip.ts";
import { SshAuthError, type SshOptions } from "../mod.ts";
import { Authority } from "../testdata/authority.ts";
import { exec, ptyRequest, SshLab } from "../testdata/support.ts";

const noKeygen = missing("ssh-keygen");

for (const type of [["-t", "ed25519"], ["-t", "ecdsa", "-b", "384"], ["-t", "rsa", "-b", "2048"]]) {
  testOrSkip(
    `a certificate stands for the peer that is its principal (${type[1]})`,
    noKeygen,
    async () => {
      await using authority = await Authority.create(...type);
      await using lab = await SshLab.start(rules([authority]));
      await using client = await lab.connect({ keys: [await authority.certify("-n", "alice")] });
      strictEqual((await exec(client, "echo certified", { pty: ptyRequest(80, 24) })).code, 0);
      strictEqual(lab.handler.sessions()[0]?.method, "certificate");
    },
  );
}

const REFUSED: readonly (readonly [why: string, options: readonly string[]])[] = [
  ["is for somebody else", ["-n", "bob"]],
  ["is for nobody in particular", []],
  ["is for several others", ["-n", "bob,carol"]],
  ["is for the owner of the node", ["-n", "owner"]],
  ["has expired", ["-n", "alice", "-V", "20200101:20200102"]],
  ["is not valid yet", ["-n", "alice", "-V", "+1d:+2d"]],
  ["is for a host", ["-n", "alice", "-h"]],
  ["demands what is not understood", ["-n", "alice", "-O", "critical:verify-moon@example.com=x"]],
  ["is for another address", ["-n", "alice", "-O", "source-address=192.0.2.0/24"]],
];

for (const [why, options] of REFUSED) {
  testOrSkip(`a certificate that ${why} lets nobody in`, noKeygen, async () => {
    await using authority = await Authority.create("-t", "ed25519");
    await using lab = await SshLab.start(rules([authority]));
    await rejects(lab.connect({ keys: [await authority.certify(...options)] }), SshAuthError);
  });
}

testOrSkip(
  "a certificate of another authority, or with another key, lets nobody in",
  noKeygen,
  async () => {
    await using authority = await Authority.create("-t", "ed25519");
    await using other = await Authority.create("-t", "ed25519");
    await using lab = await SshLab.start(rules([authority]));
    await rejects(lab.connect({ keys: [await other.certify("-n", "alice")] }), SshAuthError);
    const mine = await authority.certify("-n", "alice");
    const stolen = { ...mine, sign: (bytes: Uint8Array) => lab.stranger.sign(bytes) };
    await rejects(lab.connect({ keys: [stolen] }), SshAuthError);
    const forged = { ...mine, blob: mine.blob.map((byte, at) => at === 100 ? byte ^ 1 : byte) };
    await rejects(lab.connect({ keys: [forged] }), SshAuthError);
  },
);

testOrSkip("a certificate's options hold: command, terminal, forwarding", noKeygen, async () => {
  await using authority = await Authority.create("-t", "ed25519");
  await using lab = await SshLab.start(rules([authority]));
  const forced = await authority.certify("-n", "alice", "-O", "force-command=echo only this");
  await using first = await lab.connect({ keys: [forced] });
  strictEqual((await exec(first, "id")).out, "only this\n");
  const bare = await authority.certify("-n", "alice", "-O", "clear");
  await using second = await lab.connect({ keys: [bare] });
  strictEqual((await exec(second, "echo no more")).out, "no more\n");
  await rejects(exec(second, "id", { pty: ptyRequest(80, 24) }), /no pty/);
});

testOrSkip(
  "a session by certificate ends with the peer's permission, and when it expires",
  noKeygen,
  async () => {
    await using authority = await Authority.create("-t", "ed25519");
    let nowMs = Date.now();
    await using lab = await SshLab.start({
      ...rules([authority]),
      now: () => nowMs,
      limits: { keepAliveMs: 20 },
    });
    const key = await authority.certify("-n", "alice", "-V", "-1d:+1d");
    await using first = await lab.connect({ keys: [key] });
    nowMs += 2 * 86_400_000;
    await first.ended;
    nowMs = Date.now();
    await using second = await lab.connect({ keys: [key] });
    lab.change(undefined);
    await second.ended;
  },
);

function rules(authorities: readonly Authority[]): Partial<SshOptions> {
  return {
    authorities: authorities.map(({ blob }) => blob),
  };
}
