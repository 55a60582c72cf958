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
    key: "env",
    type: "strings",
    fallback: '["LANG", "LC_*", "COLORTERM", "NO_COLOR", "GIT_PROTOCOL"]',
    doc: "Variables that clients may set; * at the end.",
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
    key: "max_terminals",
    type: "integer",
    fallback: String(DEFAULT_SSH_LIMITS.maxTerminals),
    min: 1,
    doc: "Terminals on pages of the dashboard that one identity has at once.",
  },
  {
    table: "ssh",
    key: "terminal_idle_ms",
    type: "integer",
    fallback: String(DEFAULT_SSH_LIMITS.terminalIdleMs),
    min: 1,
    doc: "Milliseconds without anything typed or shown until such a terminal ends.",
  },
  {
    table: "ssh",
    key: "penalty_ms",
    type: "integer",
    fallback: String(DEFAULT_SSH_LIMITS.penaltyMs),
    doc: "Milliseconds that a connection without a login keeps its source away, added up; 0 for " +
      "never. Sums below 15 seconds have no effect.",
  },
];
