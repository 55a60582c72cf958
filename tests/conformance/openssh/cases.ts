/** A script of OpenSSH's regression tests that is run. */
export interface Case {
  /** What it may call failures; each has to occur, and nothing else may. Default: none. */
  readonly pinned?: readonly RegExp[];
  /** Why those are not failures of ours. */
  readonly because?: string;
}

const CONFIGURATION = "only what sshd's configuration or file formats can say";
const HOST_KEYS = "the only host key is Ed25519";

/** Those that are run every time: about four minutes. */
export const FAST: Readonly<Record<string, Case>> = {
  "connect": {},
  "connect-uri": {},
  "proxy-connect": {
    pinned: [/^bad SSH_CONNECTION comp=(no|yes): +UNKNOWN 65535 0\.0\.0\.0 0$/],
    because: "the address of this side is not known to a stream",
  },
  "proto-version": {},
  "proto-mismatch": {},
  "exit-status": {},
  "exit-status-signal": {},
  "envpass": {},
  "transfer": {},
  "stderr-data": {},
  "stderr-after-eof": {},
  "broken-pipe": {},
  "yes-head": {},
  "login-timeout": {},
  "agent": { pinned: [/^ssh connect with failed \(exit code 255\)$/], because: "no DSA keys" },
  "forcecommand": {},
  "key-options": {},
  "banner": {
    pinned: [/^banner size 100000 mismatch$/],
    because: "a banner has at most 16,384 bytes",
  },
  "forwarding": {},
  "dynamic-forward": {},
  "brokenkeys": {},
  "cert-file": {},
  "keyscan": {
    pinned: [/^ssh-keyscan -t (ecdsa|sk-|ssh-dss|ssh-rsa)\S* failed with: 1$/],
    because: HOST_KEYS,
  },
  "kextype": {
    pinned: [/^ssh kex (diffie-hellman|ecdh-sha2-nistp|sntrup761)\S*$/],
    because: "key exchanges that are not offered: old ones, NIST's curves, sntrup761 (ADR 20)",
  },
  "scp": {},
  "scp3": {},
  "scp-uri": {},
  "sftp-cmds": {},
  "sftp-badcmds": {},
  "sftp-batch": {},
  "sftp-glob": {},
  "sftp-uri": {},
};

/** Those that take minutes more. */
export const SLOW: Readonly<Record<string, Case>> = {
  "agent-subprocess": {},
  "agent-timeout": {},
  "forward-control": {},
  "integrity": {
    pinned: [
      /^(hmac-md5|hmac-sha1|hmac-sha2-\d+:|umac)\S* ?(expected 10 mac errors, got 0|no mac errors)/,
      /^unexpected error mac (hmac-md5\S*|hmac-sha1\S*|hmac-sha2-\d+|umac\S*) at /,
    ],
    because: "MACs that are not offered: without encrypt-then-MAC, MD5, SHA-1, UMAC",
  },
  "keytype": {
    pinned: [/^ssh userkey \S+, hostkey (dsa|ecdsa|rsa|ed25519-sk)\S* failed$/],
    because: HOST_KEYS,
  },
  "localcommand": {},
  "multiplex": {
    pinned: [/^connect to (local forward|remote forwarded) path failed$/],
    because: 'they look for sshd\'s words "Invalid SSH identification string"',
  },
  "try-ciphers": {
    pinned: [
      /^ssh failed with mac \S+ cipher \S+-cbc$/,
      /^ssh failed with mac (hmac-md5|hmac-sha1|umac)\S* cipher aes\d+-ctr$/,
      /^ssh failed with mac hmac-sha2-(256|512) cipher aes\d+-ctr$/,
    ],
    because: "ciphers and MACs that are not offered",
  },
  "cert-userkey": {
    pinned: [
      /^AuthorizedPrincipalsFile principals failed unexpectedly$/,
      /^empty principals failed unexpectedly$/,
      /^ssh cert connect failed$/,
      /^ssh cert connect succeeded unexpectedly$/,
    ],
    because: "a principal is a peer's name and never nobody's; AuthorizedPrincipalsFile: " +
      CONFIGURATION,
  },
};

/** Those that are not run, each with its reason. */
export const NOT_APPLICABLE: Readonly<Record<string, string>> = {
  ...reason("meets no server", [
    "addrmatch",
    "agent-getpeereid",
    "agent-ptrace",
    "cfginclude",
    "host-expand",
    "keygen-change",
    "keygen-comment",
    "keygen-convert",
    "keygen-knownhosts",
    "keygen-moduli",
    "keygen-sshfp",
    "knownhosts",
    "krl",
    "percent",
    "portnum",
    "sshcfgparse",
    "sshsig",
  ]),
  ...reason("tests how sshd reads its configuration", [
    "cfgmatch",
    "cfgmatchlisten",
    "cfgparse",
    "servcfginclude",
  ]),
  ...reason("tests sshd's process: how it starts itself anew and drops privileges", [
    "connect-privsep",
    "reconfigure",
    "reexec",
  ]),
  ...reason(HOST_KEYS, [
    "cert-hostkey",
    "hostkey-agent",
    "hostkey-rotate",
    "knownhosts-command",
    "sshfp-connect",
  ]),
  ...reason("tests a feature of sshd that the handler has not, or another way", [
    "agent-restrict", // host certificates and ExposeAuthInfo
    "allow-deny-users", // peers and scopes decide
    "authinfo", // ExposeAuthInfo
    "channel-timeout", // other times for commands than for shells
    "connection-timeout",
    "dhgex", // group exchange
    "hostbased",
    "keys-command", // the store has the keys
    "limit-keytype", // PubkeyAcceptedAlgorithms
    "multipubkey", // AuthenticationMethods with two keys
    "principals-command",
  ]),
  "sftp-chroot": "ChrootDirectory; ours confines by itself (handlers/sftp)",
  "rekey":
    "a hundred logins with algorithms, most not offered; its tests of RekeyLimit pass by hand",
  "sftp": "in openssh_sftp_test.ts, as it starts the server without SSH",
  "sftp-perm": "in openssh_sftp_test.ts, as it starts the server without SSH",
};

function reason(why: string, scripts: readonly string[]): Record<string, string> {
  return Object.fromEntries(scripts.map((script) => [script, why]));
}
