/** Keys and certificates that are revoked, by lists of ours and by those of ssh-keygen. */
import { ok, rejects, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";

import { missing, testOrSkip } from "../../../tests/tools/skip.ts";
import {
  type ClientKey,
  openSshKey,
  RevocationFile,
  RevocationList,
  SshAuthError,
  sshFingerprint,
  SshOptionError,
} from "../mod.ts";
import { parseUserKey } from "../auth/user_key.ts";
import { Authority, keygen } from "../testdata/authority.ts";
import { SshLab } from "../testdata/support.ts";
import { isKrl, readKrl } from "./krl.ts";

const noKeygen = missing("ssh-keygen");

/** Whether a list made of entries covers a key or certificate. */
function covers(list: RevocationList, { blob }: ClientKey): boolean {
  const key = parseUserKey(blob);
  ok(key);
  return list.covers(key);
}

Deno.test("a revoked key lets nobody in, by its fingerprint or whole", async () => {
  await using open = await SshLab.start();
  const publicKey = openSshKey(open.alice.blob.slice(-32));
  for (const entry of [sshFingerprint(open.alice.blob), publicKey, `key: ${publicKey} alice`]) {
    const list = RevocationList.of([entry]);
    ok(covers(list, open.alice) && !covers(list, open.stranger), entry);
  }
});

testOrSkip(
  "a certificate is revoked by itself, its key, its number, name and authority",
  noKeygen,
  async () => {
    await using authority = await Authority.create("-t", "ed25519");
    const certificate = await authority.certify("-n", "alice", "-z", "7", "-I", "old laptop");
    const other = await authority.certify("-n", "alice", "-z", "8", "-I", "new laptop");
    const plain = parseUserKey(certificate.blob)?.plain ?? new Uint8Array(0);
    for (const entry of ["serial: 7", "serial: 1-7", "id: old laptop", sshFingerprint(plain)]) {
      const list = RevocationList.of([entry]);
      ok(covers(list, certificate) && !covers(list, other), entry);
    }
    ok(covers(RevocationList.of([sshFingerprint(certificate.blob)]), certificate));
    ok(covers(RevocationList.of([sshFingerprint(authority.blob)]), other));
  },
);

testOrSkip("certificates without a number are not revoked by one", noKeygen, async () => {
  await using authority = await Authority.create("-t", "ed25519");
  const certificate = await authority.certify("-n", "alice");
  ok(!covers(RevocationList.of(["serial: 0-99"]), certificate));
});

testOrSkip("lists that ssh-keygen -k made are read in all their forms", noKeygen, async () => {
  await using authority = await Authority.create("-t", "ed25519");
  const serial = (number: number, id = `${number}`) =>
    authority.certify("-n", "alice", "-z", `${number}`, "-I", id);
  await using lab = await SshLab.start();
  await Deno.writeTextFile(authority.path("alice.pub"), openSshKey(lab.alice.blob.slice(-32)));
  await Deno.writeTextFile(authority.path("other.pub"), openSshKey(lab.stranger.blob.slice(-32)));
  // Chosen so that numbers stand in lists, ranges and bitmaps.
  const numbers = ["1-4", "10", "15", "30", "50", "90", "999", "500-502", "504", "10000-20000"];
  const lines = [...numbers.map((each) => `serial: ${each}`), "id: old laptop"];
  const alice = await Deno.readTextFile(authority.path("alice.pub"));
  const spec = authority.path("spec");
  const krl = authority.path("krl");
  const make = async (text: readonly string[]): Promise<RevocationList> => {
    await Deno.writeTextFile(spec, text.join("\n"));
    await keygen("-k", "-f", krl, "-s", authority.path("ca.pub"), spec);
    return new RevocationList(readKrl(await Deno.readFile(krl)));
  };
  const list = await make(lines);
  for (const number of [1, 4, 10, 15, 30, 90, 999, 502, 504, 15_000]) {
    ok(covers(list, await serial(number)), `${number}`);
  }
  for (const number of [5, 11, 91, 503, 9_999, 20_001]) {
    ok(!covers(list, await serial(number)), `${number}`);
  }
  ok(covers(list, await serial(77, "old laptop")));
  await using foreign = await Authority.create("-t", "ed25519");
  ok(!covers(list, await foreign.certify("-n", "alice", "-z", "1", "-I", "old laptop")));
  for (const entry of [`key: ${alice}`, `sha1: ${alice}`, `sha256: ${alice}`]) {
    const keys = await make([entry]);
    ok(covers(keys, lab.alice) && !covers(keys, lab.stranger), entry);
  }
});

testOrSkip("a list with very many numbers is read, in little room", noKeygen, async () => {
  // A section of them was handed on as the arguments of one call, which are bounded: a list that was
  // good counted as unreadable, which revokes everybody.
  await using authority = await Authority.create("-t", "ed25519");
  const odd = Array.from({ length: 200_000 }, (_, index) => `serial: ${2 * index + 1}`);
  await Deno.writeTextFile(authority.path("spec"), [...odd, "serial: 500000-900000"].join("\n"));
  const krl = authority.path("krl");
  await keygen("-k", "-f", krl, "-s", authority.path("ca.pub"), authority.path("spec"));
  const revoked = readKrl(await Deno.readFile(krl));
  const count = revoked.certificates.reduce((sum, { serials }) => sum + serials.length, 0);
  ok(count <= odd.length + 10, `${count} ranges`);
  const list = new RevocationList(revoked);
  for (const [number, expected] of [[199_999, true], [200_000, false], [700_000, true]] as const) {
    const certificate = await authority.certify("-n", "alice", "-z", `${number}`);
    strictEqual(covers(list, certificate), expected, `${number}`);
  }
});

testOrSkip("readKrl() throws nothing but its own error, whatever the bytes", noKeygen, async () => {
  await using authority = await Authority.create("-t", "ed25519");
  await Deno.writeTextFile(authority.path("spec"), "serial: 1-4\nserial: 10\nid: a\n");
  const [ca, spec, krl] = ["ca.pub", "spec", "krl"].map((name) => authority.path(name));
  await keygen("-k", "-f", krl ?? "", "-s", ca ?? "", spec ?? "", ca ?? "");
  const whole = await Deno.readFile(krl ?? "");
  ok(isKrl(whole));
  const attempt = (bytes: Uint8Array): boolean => {
    try {
      readKrl(bytes);
      return true;
    } catch (error) {
      ok(error instanceof SshOptionError, String(error));
      return false;
    }
  };
  const accepted = Array.from(whole.keys(), (length) => attempt(whole.subarray(0, length)));
  // Cut between two sections it is a list as well, only shorter.
  ok(accepted.filter((each) => each).length <= 3);
  const at = fc.integer({ min: 8, max: whole.length - 1 });
  fc.assert(fc.property(at, fc.integer({ min: 0, max: 255 }), (index, byte) => {
    attempt(whole.with(index, byte));
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
    attempt(new Uint8Array([...whole.subarray(0, 8), ...tail]));
  }));
});

Deno.test("revoking a key ends its sessions, and a list that is gone lets nobody in", async () => {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/revoked`;
  await Deno.writeTextFile(file, "# nobody yet\n\n");
  await using lab = await SshLab.start({
    revocations: [new RevocationFile(file, { recheckMs: 0 })],
    limits: { keepAliveMs: 20 },
  });
  await using client = await lab.connect();
  await Deno.writeTextFile(file, `${sshFingerprint(lab.alice.blob)}\n`);
  await client.ended;
  await lab.idle();
  strictEqual(lab.events.at(-1)?.reason, "permission withdrawn");
  await rejects(lab.connect(), SshAuthError);
  await Deno.writeTextFile(file, "");
  await using again = await lab.connect();
  await Deno.writeTextFile(file, "no entry\n");
  await again.ended;
  await Deno.remove(directory, { recursive: true });
  await rejects(lab.connect(), SshAuthError);
});

for (const entry of ["alice", "serial: 9-5", "serial: x", "id:", "MD5:aa", "ssh-ed25519 ????"]) {
  Deno.test(`RevocationList.of() refuses "${entry}"`, () => {
    throws(() => RevocationList.of([entry]), SshOptionError);
  });
}

Deno.test("RevocationList.of() throws nothing but its own error", () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom("", "serial: ", "id: ", "key: "), (text, word) => {
      try {
        RevocationList.of([word + text]);
      } catch (error) {
        ok(error instanceof SshOptionError, String(error));
      }
    }),
  );
});
