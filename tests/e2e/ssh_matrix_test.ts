/** What OpenSSH's client can be told to use: each algorithm and type of key. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, testOrSkip } from "../tools/skip.ts";
import { SshLab } from "./support/ssh.ts";

const noSsh = missing("ssh") ?? missing("ssh-keygen");
const BYTES = "0123456789abcdef".repeat(20_000);

/** Options of ssh, each of which has to do. */
const ALGORITHMS: readonly string[] = [
  "Ciphers=chacha20-poly1305@openssh.com",
  "Ciphers=aes128-gcm@openssh.com",
  "Ciphers=aes256-gcm@openssh.com",
  ...["aes128-ctr", "aes192-ctr", "aes256-ctr"].map((cipher) => `Ciphers=${cipher}`),
  "MACs=hmac-sha2-256-etm@openssh.com -c aes128-ctr",
  "MACs=hmac-sha2-512-etm@openssh.com -c aes128-ctr",
  "KexAlgorithms=curve25519-sha256",
  "KexAlgorithms=curve25519-sha256@libssh.org",
  "Compression=yes",
];

testOrSkip("every cipher, MAC and key exchange that is offered carries data", noSsh, async (t) => {
  await using lab = await SshLab.start({ scopes: ["ssh:exec:cat"] });
  const config = await lab.configure("tcp");
  for (const each of ALGORITHMS) {
    await t.step(each, async () => {
      const { out, err } = await lab.ssh(config, ["-o", ...each.split(" "), "head", "cat"], BYTES);
      ok(out === BYTES, `${out.length} bytes: ${err}`);
    });
  }
});

/** What OpenSSH's client still speaks, and what it says when nobody else does. */
const REFUSED: readonly (readonly [option: string, says: RegExp])[] = [
  ["Ciphers=aes128-cbc", /no matching cipher found/],
  ["Ciphers=3des-cbc", /no matching cipher found/],
  ["MACs=hmac-md5 -c aes128-ctr", /no matching MAC found/],
  ["MACs=hmac-sha1 -c aes128-ctr", /no matching MAC found/],
  ["KexAlgorithms=diffie-hellman-group1-sha1", /no matching key exchange method found/],
  ["KexAlgorithms=diffie-hellman-group14-sha1", /no matching key exchange method found/],
  ["HostKeyAlgorithms=ssh-rsa", /no matching host key type found/],
];

testOrSkip("what is weak is not offered, and what closes its input ends", noSsh, async (t) => {
  await using lab = await SshLab.start({ scopes: ["ssh:exec"] });
  const config = await lab.configure("tcp");
  for (const [option, says] of REFUSED) {
    await t.step(option, async () => {
      const options = ["-o", "LogLevel=INFO", "-o", ...option.split(" ")];
      const { code, err } = await lab.ssh(config, [...options, "head", "true"]);
      strictEqual(code, 255);
      match(err, says);
    });
  }
  await t.step("a command that closes its input is not kept by what comes yet", async () => {
    const { code, out } = await lab.ssh(config, ["head", "exec <&-; sleep 0.3; echo out"], BYTES);
    strictEqual(`${code} ${out}`, "0 out\n");
  });
  await t.step("a client that has nothing to say ends a command that listens", async () => {
    strictEqual((await lab.ssh(config, ["-n", "head", "cat; echo out"])).out, "out\n");
  });
});

const KEYS: readonly (readonly [type: string, bits: string, algorithm?: string])[] = [
  ["ecdsa", "256"],
  ["ecdsa", "384"],
  ["ecdsa", "521"],
  ["rsa", "3072", "rsa-sha2-256"],
  ["rsa", "3072", "rsa-sha2-512"],
];

testOrSkip("every type of key logs in, and so do certificates of it", noSsh, async (t) => {
  const directory = await Deno.makeTempDir({ prefix: "alknet-e2e-" });
  const keygen = async (...args: readonly string[]): Promise<void> => {
    const { success } = await new Deno.Command("ssh-keygen", { args: ["-q", ...args] }).output();
    ok(success, args.join(" "));
  };
  await keygen("-N", "", "-t", "ed25519", "-f", join(directory, "ca"));
  const ca = (await Deno.readTextFile(join(directory, "ca.pub"))).trim();
  await using lab = await SshLab.start({
    scopes: ["ssh:exec:echo"],
    config: [`ca_keys = ["${ca}"]`],
  });
  const config = await Deno.readTextFile(await lab.configure("tcp"));
  const logIn = async (key: string, algorithm?: string): Promise<string> => {
    const own = config.replace(/IdentityFile .*/, `IdentityFile "${lab.path(key)}"`);
    const only = algorithm ? ["-o", `PubkeyAcceptedAlgorithms=${algorithm}`] : [];
    const file = await lab.client.write("config", own);
    return (await lab.ssh(file, [...only, "head", "echo in"])).out;
  };
  const listed: string[] = [];
  for (const name of new Set(KEYS.map(([type, bits]) => `${type}-${bits}`))) {
    const [type = "", bits = ""] = name.split("-");
    for (const kind of ["plain", "certified"]) {
      await keygen("-N", "", "-t", type, "-b", bits, "-f", lab.path(`${kind}-${name}`));
    }
    listed.push("--ssh-key", lab.path(`plain-${name}.pub`));
  }
  strictEqual((await lab.node.alknet("peer", "add", "alice", ...listed)).code, 0);
  for (const [type, bits, algorithm] of KEYS) {
    await t.step(`${type} ${bits} ${algorithm ?? ""}`.trim(), async () => {
      strictEqual(await logIn(`plain-${type}-${bits}`, algorithm), "in\n");
    });
    await t.step(`a certificate of ${type} ${bits} ${algorithm ?? ""}`.trim(), async () => {
      const key = `certified-${type}-${bits}`;
      await Deno.remove(lab.path(`${key}-cert.pub`)).catch(() => {});
      strictEqual(await logIn(key, algorithm), "");
      await keygen("-s", join(directory, "ca"), "-I", "x", "-n", "alice", lab.path(`${key}.pub`));
      strictEqual(await logIn(key, algorithm && `${algorithm}-cert-v01@openssh.com`), "in\n");
    });
  }
  await t.step("rsa with SHA-1 does not", async () => {
    strictEqual(await logIn("plain-rsa-3072", "ssh-rsa"), "");
  });
  await Deno.remove(directory, { recursive: true });
});
