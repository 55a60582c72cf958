import { ed25519HostKey, type SshHandler } from "@alknet/ssh";
import { deepStrictEqual } from "node:assert/strict";
import { configOf } from "../config/config.ts";
import { parseToml } from "../config/read_tables.ts";
import { createSsh } from "./ssh_node.ts";

const ALICE = { id: "alice", scopes: ["ssh:shell"], resources: {} };

function sshOf(...lines: readonly string[]): SshHandler {
  const { ssh } = configOf(parseToml("alknet.toml", ["[ssh]", ...lines].join("\n")));
  return createSsh(ssh, {
    hostKey: ed25519HostKey(new Uint8Array(32).fill(1)),
    subsystems: new Map(),
    commands: [],
    subsystemCommands: new Map(),
    recordings: "",
    onEvent: () => {},
  });
}

Deno.test("a terminal is offered under the accounts that a peer may be, and to nobody without", async () => {
  const { terminals } = sshOf('unix_users = ["alice:deploy", "bob:www", "alice:ops"]');
  deepStrictEqual(await terminals.offer(ALICE), { users: ["deploy", "ops"] });
  deepStrictEqual(await terminals.offer({ ...ALICE, id: "carol" }), { refusal: "account" });
  deepStrictEqual(await terminals.offer({ ...ALICE, id: "owner", scopes: ["*"] }), {
    refusal: "account",
  });
});

Deno.test("a terminal is offered to everybody with the scope where no accounts are", async () => {
  deepStrictEqual(await sshOf().terminals.offer(ALICE), { users: ["alice"] });
  deepStrictEqual(await sshOf('offer = ["exec"]').terminals.offer(ALICE), { refusal: "off" });
});
