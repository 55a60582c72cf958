import { ok, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";

import { readVerifyingKey } from "../auth/signatures.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import { readKeyFile, SshKeyFileError, type SshKeyFileFault } from "./key_file_adapter.ts";

const KINDS = [["ed25519"], ["rsa"], ["ecdsa", "256"], ["ecdsa", "384"], ["ecdsa", "521"]] as const;
const SECRET = "correct horse";
const encoder = new TextEncoder();

const noKeygen = await new Deno.Command("ssh-keygen", { args: ["-?"], stderr: "null" }).output()
  .then(() => undefined, () => "ssh-keygen is not installed");

/** Runs a test with a directory, or says why it does not. */
function testWithKeys(name: string, fn: (directory: string) => Promise<void>): void {
  const title = noKeygen ? `${name} [skip: ${noKeygen}]` : name;
  Deno.test({
    name: title,
    ignore: noKeygen !== undefined,
    async fn() {
      const directory = await Deno.makeTempDir();
      await fn(directory);
      await Deno.remove(directory, { recursive: true });
    },
  });
}

async function keygen(file: string, kind: readonly string[], secret: string): Promise<Uint8Array> {
  const [type = "", bits] = kind;
  const args = ["-q", "-N", secret, "-t", type, ...bits ? ["-b", bits] : [], "-f", file];
  const { success } = await new Deno.Command("ssh-keygen", { args }).output();
  ok(success);
  return await Deno.readFile(file);
}

function fault(file: Uint8Array, passphrase?: string): SshKeyFileFault | undefined {
  try {
    readKeyFile(file, passphrase === undefined ? undefined : encoder.encode(passphrase));
    return undefined;
  } catch (error) {
    ok(error instanceof SshKeyFileError);
    return error.fault;
  }
}

for (const kind of KINDS) {
  testWithKeys(`readKeyFile reads and signs with ${kind.join(" ")}`, async (directory) => {
    // Several, since one ECDSA key in 128 has a number that is a byte shorter than the others.
    for (const round of kind[0] === "rsa" ? [0] : [0, 1, 2, 3]) {
      const secret = round % 2 ? SECRET : "";
      const file = await keygen(join(directory, `key${round}`), kind, secret);
      const key = readKeyFile(file, secret ? encoder.encode(secret) : undefined);
      const reader = new SshReader(key.blob);
      const verifying = readVerifyingKey(reader.text(), reader);
      const message = encoder.encode("to be signed");
      ok(verifying?.verify(message, await key.sign(message), key.algorithm));
    }
  });
}

testWithKeys("readKeyFile tells why it does not read a file", async (directory) => {
  const file = join(directory, "key");
  const bytes = await keygen(file, ["ed25519"], SECRET);
  strictEqual(fault(bytes), "encrypted");
  strictEqual(fault(bytes, "wrong"), "wrong-passphrase");
  strictEqual(fault(bytes, SECRET), undefined);
  strictEqual(fault(await Deno.readFile(`${file}.pub`)), "not-private");
  strictEqual(fault(encoder.encode("hello")), "not-a-key");
  throws(() => readKeyFile(new Uint8Array(70_000)), SshKeyFileError);
});

testWithKeys("readKeyFile throws its error for any damage, and nothing else", async (directory) => {
  const bytes = await keygen(join(directory, "key"), ["ecdsa", "256"], "");
  const damage = fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255), end: fc.nat(9) });
  fc.assert(
    fc.property(damage, ({ at, value, end }) => {
      const damaged = bytes.slice(0, bytes.length - end);
      if (at < damaged.length) damaged[at] = value;
      fault(damaged); // checks the class of what is thrown
    }),
    { examples: [[{ at: 304, value: 47, end: 0 }]] },
  );
});
