/**
 * What is offered, most wanted first (docs/adr/0020). Left out on purpose: SHA-1, CBC and
 * encrypt-and-MAC; compression, which the engine cannot do on Deno and which leaks lengths; group
 * exchange, which the engine offers as a server and then fails; Diffie-Hellman over large primes,
 * which blocks the event loop for whoever asks; curves of NIST, which no client of the last ten
 * years needs and of which P-521 fails on Deno.
 */
export const ALGORITHMS = {
  /** Key exchange (RFC 8731). */
  kex: ["curve25519-sha256", "curve25519-sha256@libssh.org"],
  /** Host keys (RFC 8709). */
  serverHostKey: ["ssh-ed25519"],
  /** Ciphers: without OpenSSL, ChaCha20 is several times faster than AES on Deno. */
  cipher: [
    "chacha20-poly1305@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
  ],
  /** MACs for the ciphers that need one. */
  mac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"],
  /** Compression. */
  compress: ["none"],
} as const;

/** Signature algorithms of users' keys that are checked here, for `server-sig-algs` (RFC 8308). */
export const SIGNATURE_ALGORITHMS: readonly string[] = [
  "ssh-ed25519",
  "sk-ssh-ed25519@openssh.com",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ecdsa-sha2-nistp256@openssh.com",
  "rsa-sha2-512",
  "rsa-sha2-256",
];
