import { notStrictEqual, strictEqual } from "node:assert/strict";

import { exec, SshLab } from "../../testdata/support.ts";
import { leaseCiphers } from "./cipher_lease.ts";
import { NODE_KIT } from "./node_crypto_adapter.ts";

Deno.test("all leases at a time share one library, which the last one closes", async () => {
  const first = await leaseCiphers();
  const second = await leaseCiphers();
  strictEqual(first.kit, second.kit);
  first[Symbol.dispose]();
  first[Symbol.dispose](); // counts once
  const cipher = second.kit.chaCha20(new Uint8Array(32));
  cipher.begin(new Uint8Array(16));
  cipher.end();
  cipher.free();
  second[Symbol.dispose]();
});

Deno.test({
  name: "on Linux ciphers are OpenSSL's",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using lease = await leaseCiphers();
    notStrictEqual(lease.kit, NODE_KIT);
  },
});

Deno.test({
  name: "without the permission for libraries, sessions use node:crypto and nobody is asked",
  permissions: { ffi: false, read: true, run: true, env: true, sys: true, net: true, write: true },
  fn: async () => {
    using lease = await leaseCiphers();
    strictEqual(lease.kit, NODE_KIT);
    await using lab = await SshLab.start();
    await using client = await lab.connect();
    const { out } = await exec(client, "head -c 300000 /dev/zero | wc -c");
    strictEqual(out.trim(), "300000");
    strictEqual((await exec(client, "cat", { stdin: "x".repeat(100_000) })).out.length, 100_000);
  },
});
