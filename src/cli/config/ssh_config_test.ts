import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { ShownKey } from "@alknet/ssh";
import { ConfigError } from "../errors.ts";
import { configOf } from "./config.ts";
import { parseToml } from "./read_tables.ts";
import type { SshConfig } from "./ssh_config.ts";

const CA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
const PRINT = `SHA256:${"A".repeat(43)}`;

function read(...lines: readonly string[]): SshConfig {
  return configOf(parseToml("alknet.toml", ["[ssh]", ...lines].join("\n"))).ssh;
}

/** A certificate with a serial number, as far as revocations look at it. */
function certificate(serial: bigint): ShownKey {
  const blob = new Uint8Array(0);
  return { blob, plain: blob, certificate: { serial, keyId: "", authority: blob } };
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
    `key_options = ['${PRINT} from="10.0.0.0/8",no-pty']`,
    'revoked_keys = ["serial: 5-9", "id: old"]',
    'revoked_keys_file = "/etc/alknet/revoked"',
    'set_env = ["TZ=UTC"]',
    'banner = """Members\nonly"""',
    "session_idle_ms = 6",
    "forward_idle_ms = 7",
    "unused_ms = 8",
  );
  strictEqual(ssh.forwardRules[1]?.principals[0], "alice");
  strictEqual(ssh.authorities[0]?.length, 51);
  const restrictions = { from: ["10.0.0.0/8"], pty: false, forceCommand: "git-shell -c x" };
  deepStrictEqual(ssh.restrictions.get(PRINT), restrictions);
  ok(ssh.revocations.covers(certificate(7n)) && !ssh.revocations.covers(certificate(10n)));
  strictEqual(ssh.revocationsFile, "/etc/alknet/revoked");
  deepStrictEqual([...ssh.setEnv], [["TZ", "UTC"]]);
  strictEqual(ssh.banner, "Members\nonly\n");
  const { sessionIdleMs, forwardIdleMs, unusedMs } = ssh.limits;
  deepStrictEqual([sessionIdleMs, forwardIdleMs, unusedMs], [6, 7, 8]);
  deepStrictEqual([...ssh.unixUsers.get("alice") ?? []], ["deploy", "www"]);
  deepStrictEqual(ssh.tcp, { hostname: "127.0.0.1", port: 2222 });
  ok(ssh.acceptPeerProof && ssh.record.has("alice"));
  strictEqual(ssh.limits.loginGraceMs, 5);
});

const MISTAKES: readonly (readonly [line: string, message: RegExp])[] = [
  ['offer = ["root"]', /"offer" must be one of/],
  ['forward = ["everything"]', /Cannot read rule "everything"/],
  ['listen = ["allow x"]', /Cannot read rule/],
  ['ca_keys = ["not a key"]', /"ca_keys" must hold public keys/],
  ['force_commands = ["MD5:x ls"]', /"force_commands" must hold/],
  [`key_options = ["${PRINT}"]`, /"key_options" must hold "SHA256:fingerprint options"/],
  [`key_options = ["${PRINT} no-such"]`, /Cannot read key option "no-such"/],
  [`key_options = ['${PRINT} from="host"']`, /Cannot read source "host"/],
  [`key_options = ["${PRINT} pty", "${PRINT} pty"]`, /"key_options" has SHA256:\S+ twice/],
  [`force_commands = ["${PRINT} a", "${PRINT} b"]`, /Two commands are forced on SHA256:/],
  ['revoked_keys = ["alice"]', /Cannot read revocation "alice"/],
  ['set_env = ["1=2"]', /Cannot read variable "1=2"/],
  ['banner = "\\u001b[2J"', /Cannot show this banner: it has control characters/],
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
