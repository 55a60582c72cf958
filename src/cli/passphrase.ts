import { readSecretFromFd } from "@alknet/vault";
import { CliError, ExitCode } from "./errors.ts";

const MAX_BYTES = 1_024;
const CTRL_C = 3;
const CTRL_D = 4;
const CTRL_U = 21;
const BACKSPACE = 127;
const NEWLINES: readonly number[] = [10, 13];

/**
 * Asks for a secret at the terminal without showing it. It stays bytes: a string could not be
 * wiped.
 *
 * @param prompt What to ask.
 * @returns The typed bytes, without the newline; the caller wipes them.
 * @throws {CliError} When there is no terminal, or the person gives up.
 */
export async function askSecret(prompt: string): Promise<Uint8Array<ArrayBuffer>> {
  if (!Deno.stdin.isTerminal()) {
    throw new CliError(
      `Cannot ask "${prompt}": no terminal; use --passphrase-fd N or an agent`,
      ExitCode.Locked,
    );
  }
  await Deno.stderr.write(new TextEncoder().encode(`${prompt}: `));
  Deno.stdin.setRaw(true);
  try {
    return await typed();
  } finally {
    Deno.stdin.setRaw(false);
    await Deno.stderr.write(new TextEncoder().encode("\n"));
  }
}

/**
 * Asks for a new secret twice.
 *
 * @throws {CliError} When the two differ, or it is empty.
 */
export async function askNewSecret(prompt: string): Promise<Uint8Array<ArrayBuffer>> {
  const first = await askSecret(prompt);
  const second = await askSecret("Once more");
  const same = first.length === second.length && first.every((byte, i) => byte === second[i]);
  second.fill(0);
  if (same && first.length > 0) return first;
  const empty = first.length === 0;
  first.fill(0);
  throw new CliError(
    empty ? "Nothing was typed: nothing is changed" : "The two differ: nothing is changed",
    ExitCode.Usage,
  );
}

/** Reads a secret's first line from an inherited file descriptor; the caller wipes it. */
export function readSecret(fd: number): Promise<Uint8Array<ArrayBuffer>> {
  return readSecretFromFd(fd, MAX_BYTES);
}

async function typed(): Promise<Uint8Array<ArrayBuffer>> {
  const secret = new Uint8Array(MAX_BYTES);
  const key = new Uint8Array(1);
  let length = 0;
  try {
    while (await Deno.stdin.read(key) !== null) {
      const [byte = 0] = key;
      if (NEWLINES.includes(byte) || byte === CTRL_D) break;
      if (byte === CTRL_C) throw new CliError("Given up", ExitCode.Locked);
      if (byte === BACKSPACE) length = previousCharacter(secret, length);
      else if (byte === CTRL_U) length = 0;
      else if (length < MAX_BYTES) secret[length++] = byte;
    }
    return secret.slice(0, length);
  } finally {
    secret.fill(0);
    key.fill(0);
  }
}

/** One UTF-8 character back. */
function previousCharacter(bytes: Uint8Array, length: number): number {
  let at = Math.max(0, length - 1);
  while (at > 0 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--;
  return at;
}
