import { DEFAULT_SSH_LIMITS } from "@alknet/ssh";
import type { Field } from "./field.ts";

/** The keys of `[ssh]`. */
export const SSH_FIELDS: readonly Field[] = [
  {
    table: "ssh",
    key: "offer",
    type: "strings",
    fallback: '["shell", "exec", "sftp"]',
    values: ["shell", "exec", "sftp", "agent"],
    doc: "What sessions may ask for; each needs a scope too: ssh:shell, ssh:exec, ssh:sftp.",
  },
  {
    table: "ssh",
    key: "forward",
    type: "strings",
    fallback: "[]",
    doc: 'Where peers with ssh:forward may connect to, first match wins, such as "allow ' +
      '10.0.0.0/8:80-443 for alice" or "deny *:25". Nothing else is reached.',
  },
  {
    table: "ssh",
    key: "listen",
    type: "strings",
    fallback: "[]",
    doc: 'Where may be listened for peers with ssh:listen, such as "allow 127.0.0.1:1024-65535".',
  },
  {
    table: "ssh",
    key: "sockets",
    type: "strings",
    fallback: "[]",
    doc: "Unix sockets that peers with ssh:socket may reach and listen on; * at the end.",
  },
  {
    table: "ssh",
    key: "ca_keys",
    type: "strings",
    fallback: "[]",
    doc:
      "Public keys of certificate authorities, as OpenSSH writes them. A certificate stands for " +
      "the peer whose name is its principal.",
  },
  {
    table: "ssh",
    key: "force_commands",
    type: "strings",
    fallback: "[]",
    doc: 'Commands that run whatever a key asks for: "SHA256:fingerprint command".',
  },
  {
    table: "ssh",
    key: "key_options",
    type: "strings",
    fallback: "[]",
    doc: "What restricts a key, or all certificates of an authority, as in OpenSSH's " +
      `authorized_keys: 'SHA256:fingerprint from="10.0.0.0/8",expiry-time="20271231",no-pty'.`,
  },
  {
    table: "ssh",
    key: "revoked_keys",
    type: "strings",
    fallback: "[]",
    doc: 'Keys and certificates that are not taken, whoever they are listed for: "SHA256:…", a ' +
      'public key, "serial: 5-9" or "id: …" of certificates.',
  },
  {
    table: "ssh",
    key: "revoked_keys_file",
    type: "string",
    fallback: "",
    doc: "A file of the same, one a line, or a list that ssh-keygen -k made; read anew when it " +
      "changes. While it cannot be read nobody gets in. Default: none.",
  },
  {
    table: "ssh",
    key: "env",
    type: "strings",
    fallback: '["LANG", "LC_*", "COLORTERM", "NO_COLOR", "GIT_PROTOCOL"]',
    doc: "Variables that clients may set; * at the end.",
  },
  {
    table: "ssh",
    key: "set_env",
    type: "strings",
    fallback: "[]",
    doc: 'Variables that every program gets, whatever clients set: "NAME=value".',
  },
  {
    table: "ssh",
    key: "banner",
    type: "string",
    fallback: "",
    doc: "A text that clients show before anybody has logged in. Default: none.",
  },
  {
    table: "ssh",
    key: "unix_users",
    type: "strings",
    fallback: "[]",
    doc: 'Unix accounts that peers may be, by the name they log in under: "peer:account". Needs ' +
      "root. Without any, everybody runs as the node's own user.",
  },
  {
    table: "ssh",
    key: "record",
    type: "strings",
    fallback: "[]",
    doc: "Peers whose terminals are recorded (asciicast), below ssh-recordings beside the vault.",
  },
  {
    table: "ssh",
    key: "tcp",
    type: "string",
    fallback: "",
    doc: 'Address for plain SSH without TLS, such as "127.0.0.1:2222", for programs that know ' +
      "nothing else. Default: none.",
  },
  {
    table: "ssh",
    key: "peer_proof",
    type: "string",
    fallback: '"off"',
    values: ["off", "accept"],
    doc:
      "Whether a peer that proves its node key when it connects needs no SSH key. Clients have " +
      "to know: alknet connect --auth.",
  },
  {
    table: "ssh",
    key: "login_grace_ms",
    type: "integer",
    fallback: String(DEFAULT_SSH_LIMITS.loginGraceMs),
    min: 1,
    doc: "Milliseconds until somebody has to be logged in.",
  },
  {
    table: "ssh",
    key: "max_auth_tries",
    type: "integer",
    fallback: String(DEFAULT_SSH_LIMITS.maxAuthTries),
    min: 1,
    doc: "Failures until the connection ends.",
  },
  {
    table: "ssh",
    key: "penalty_ms",
    type: "integer",
    fallback: String(DEFAULT_SSH_LIMITS.penaltyMs),
    doc: "Milliseconds that a connection without a login keeps its source away, added up; 0 for " +
      "never. Sums below 15 seconds have no effect.",
  },
  {
    table: "ssh",
    key: "session_idle_ms",
    type: "integer",
    fallback: String(DEFAULT_SSH_LIMITS.sessionIdleMs),
    doc:
      "Milliseconds without input and output after which a shell, command or subsystem ends; 0 " +
      "for never.",
  },
  {
    table: "ssh",
    key: "forward_idle_ms",
    type: "integer",
    fallback: String(DEFAULT_SSH_LIMITS.forwardIdleMs),
    doc: "The same for forwarded connections.",
  },
  {
    table: "ssh",
    key: "unused_ms",
    type: "integer",
    fallback: String(DEFAULT_SSH_LIMITS.unusedMs),
    doc: "Milliseconds after which a connection in which nothing is open ends; 0 for never.",
  },
];
