import { SshReader } from "../wire/ssh_reader.ts";
import { ALGORITHMS } from "./algorithms.ts";

const COOKIE_BYTES = 16;
/** Name lists between that of host keys and the flag (RFC 4253 section 7.1). */
const LISTS_BETWEEN = 8;

/**
 * Whether the other side has sent the first message of a key exchange that is not going to happen,
 * and that has to be skipped (RFC 4253 section 7). The engine takes every guess for a wrong one, so
 * that clients which guess, such as dropbear, wait for ever.
 *
 * @param kexInit Its SSH_MSG_KEXINIT.
 */
export function isWrongGuess(kexInit: Uint8Array): boolean {
  const reader = new SshReader(kexInit, 1 + COOKIE_BYTES);
  const [kex] = reader.text().split(",");
  const [hostKey] = reader.text().split(",");
  for (let list = 0; list < LISTS_BETWEEN; list++) reader.bytes();
  const hasGuessed = reader.boolean();
  return hasGuessed && (kex !== ALGORITHMS.kex[0] || hostKey !== ALGORITHMS.serverHostKey[0]);
}
