import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { ConfigError } from "../errors.ts";
import { configOf } from "./config.ts";
import { parseToml } from "./read_tables.ts";
import type { SshConfig } from "./ssh_config.ts";

const CA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
const PRINT = `SHA256:${"A".repeat(43)}`;

function read(...lines: readonly string[]): SshConfig {
  return configOf(parseToml("alknet.toml", ["[ssh]", ...lines].join("\n"))).ssh;
}

Deno.test("[ssh] offers nothing that forwards or listens unless it is told to", () => {
  const ssh = read();
  deepStrictEqual([...ssh.offer], ["shell", "exec", "sftp"]);
  deepStrictEqual([ssh.forwardRules, ssh.listenRules, ssh.socketPatterns], [[], [], []]);
  deepStrictEqual([ssh.authorities, ssh.tcp, ssh.acceptPeerProof], [[], undefined, false]);
});

Deno.test("[ssh] takes up every key", () => {
  const ssh = read(
    'offer = ["exec", "agent"]',
    'forward = ["deny 10.0.0.0/8:*", "allow *:443 for alice"]',
    'listen = ["allow 127.0.0.1:1024-65535"]',
    'sockets = ["/run/app/*"]',
    `ca_keys = ["${CA} the authority"]`,
    `force_commands = ["${PRINT} git-shell -c x"]`,
    'unix_users = ["alice:deploy", "alice:www"]',
    'record = ["alice"]',
    'tcp = "127.0.0.1:2222"',
    'peer_proof = "accept"',
    "login_grace_ms = 5",
    "max_terminals = 3",
    "terminal_idle_ms = 60000",
  );
  strictEqual(ssh.forwardRules[1]?.principals[0], "alice");
  strictEqual(ssh.authorities[0]?.length, 51);
  strictEqual(ssh.forceCommands.get(PRINT), "git-shell -c x");
  deepStrictEqual([...ssh.unixUsers.get("alice") ?? []], ["deploy", "www"]);
  deepStrictEqual(ssh.tcp, { hostname: "127.0.0.1", port: 2222 });
  ok(ssh.acceptPeerProof && ssh.record.has("alice"));
  const { loginGraceMs, maxTerminals, terminalIdleMs } = ssh.limits;
  deepStrictEqual([loginGraceMs, maxTerminals, terminalIdleMs], [5, 3, 60_000]);
});

const MISTAKES: readonly (readonly [line: string, message: RegExp])[] = [
  ['offer = ["root"]', /"offer" must be one of/],
  ['forward = ["everything"]', /Cannot read rule "everything"/],
  ['listen = ["allow x"]', /Cannot read rule/],
  ['ca_keys = ["not a key"]', /"ca_keys" must hold public keys/],
  ['force_commands = ["MD5:x ls"]', /"force_commands" must hold/],
  ["max_terminals = 0", /"max_terminals" must be/],
  ['unix_users = ["alice"]', /"unix_users" must hold "peer:account"/],
  ['tcp = "[::"', /"tcp" must be host:port/],
  ['peer_proof = "yes"', /"peer_proof" must be one of/],
];

for (const [line, message] of MISTAKES) {
  Deno.test(`[ssh] tells what is wrong with ${line}`, () => {
    try {
      read(line);
      ok(false, "no mistake found");
    } catch (error) {
      ok(error instanceof ConfigError, String(error));
      match(error.message, message);
      match(error.message, /^alknet\.toml:2:/);
    }
  });
}
