import { rejects, strictEqual } from "node:assert/strict";
import { sshKeyBlob } from "./ssh_key.ts";

const BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIGqdncUZFcumzCK3YCY6q6RbBorOe+rR0GnHtO64ARgA";

async function withFile(text: string, test: (file: string) => Promise<void>): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".pub" });
  try {
    await Deno.writeTextFile(file, text);
    await test(file);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("sshKeyBlob() reads a public key file", () =>
  withFile(`ssh-ed25519 ${BLOB} me@laptop\n`, async (file) => {
    strictEqual(await sshKeyBlob(file), BLOB);
  }));

Deno.test("sshKeyBlob() refuses everything else with advice", async () => {
  await withFile(
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    (file) => rejects(sshKeyBlob(file), /give the \.pub file/),
  );
  for (const text of ["", "ssh-rsa " + BLOB, "ssh-ed25519 AAAA", "ssh-ed25519 ====", "x"]) {
    await withFile(text, (file) => rejects(sshKeyBlob(file), /not an OpenSSH public key/));
  }
  await rejects(sshKeyBlob("/nowhere.pub"), /Cannot read the SSH key/);
});
