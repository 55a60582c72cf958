/** What ssh-audit says of the algorithms that are offered. */
import { deepStrictEqual, match } from "node:assert/strict";
import { NOBODY } from "@alknet/core";
import { ed25519HostKey, listenPlain, ssh } from "@alknet/ssh";

import { missing, testOrSkip } from "../tools/skip.ts";

/** Debian's 2.5.0 is older than strict key exchange and calls its marker an unknown algorithm. */
const KNOWN_WARNINGS: readonly RegExp[] = [/kex-strict-s-v00@openssh\.com/];

testOrSkip("ssh-audit finds nothing to fail", missing("ssh-audit"), async () => {
  const handler = ssh({ hostKey: ed25519HostKey(new Uint8Array(32).fill(1)) });
  const address = { hostname: "127.0.0.1", port: 0 };
  await using started = new AsyncDisposableStack();
  started.defer(() => handler.shutdown?.());
  const listener = started.use(listenPlain(handler, { address, identities: NOBODY }));
  const args = ["-n", "-l", "warn", "-p", String(listener.addr.port), "127.0.0.1"];
  const { stdout } = await new Deno.Command("ssh-audit", { args }).output();
  const findings = new TextDecoder().decode(stdout).split("\n")
    .filter((line) => /\[(fail|warn)\]/.test(line))
    .filter((line) => !KNOWN_WARNINGS.some((known) => known.test(line)));
  deepStrictEqual(findings, []);
  const all = await new Deno.Command("ssh-audit", {
    args: args.filter((arg) => arg !== "-l" && arg !== "warn"),
  }).output();
  match(new TextDecoder().decode(all.stdout), /\(kex\) curve25519-sha256 /); // it did look
});
