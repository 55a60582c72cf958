import { type Bytes, wipe } from "./bytes.ts";
import type { Blame } from "./errors.ts";

/** Thrown where a secret cannot be read from a file descriptor, or is empty or too long. */
export class SecretInputError extends Error {
  /** Name of the class. */
  override readonly name = "SecretInputError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}

const NEWLINE = 0x0a;

/**
 * Reads one line from a file descriptor that the parent process opened: a secret that is in no
 * argument, no environment variable and, with a pipe, in no file.
 *
 * Bytes behind the line may be consumed with it. The descriptor itself stays open. Deno asks for all
 * permissions (`-A`) to open an inherited descriptor.
 *
 * @param fd As in `3< <(pass show alknet)`; 0 is standard input.
 * @param maxBytes Longest secret.
 * @returns The bytes before the first newline or the end, at least one; the caller wipes them.
 * @throws {SecretInputError} For a descriptor that is not open, and a secret that is empty or longer.
 *
 * @example
 * ```ts
 * import { readSecretFromFd, SecretInputError } from "@alknet/vault";
 * import { rejects } from "node:assert/strict";
 *
 * await rejects(readSecretFromFd(4095, 1024), SecretInputError);
 * ```
 */
export async function readSecretFromFd(
  fd: number,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  using source = await openFd(fd);
  const buffer = new Uint8Array(maxBytes + 1);
  try {
    const length = await readLine(source, buffer, fd);
    if (length === 0) throw new SecretInputError(`Cannot read secret: descriptor ${fd} gave none`);
    if (length > maxBytes) {
      throw new SecretInputError(`Cannot read secret: it is longer than ${maxBytes} bytes`);
    }
    return buffer.slice(0, length);
  } finally {
    wipe(buffer);
  }
}

/** Fills `buffer` up to a newline, the end or its own end; the length without the newline. */
async function readLine(source: Source, buffer: Bytes, fd: number): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const count = await readSome(source, buffer.subarray(length), fd);
    if (count === null) return length;
    const newline = buffer.subarray(0, length + count).indexOf(NEWLINE);
    if (newline >= 0) return newline;
    length += count;
  }
  return length;
}

interface Source extends Disposable {
  read(buffer: Uint8Array): Promise<number | null>;
}

async function readSome(source: Source, buffer: Bytes, fd: number): Promise<number | null> {
  try {
    return await source.read(buffer);
  } catch (cause) {
    throw new SecretInputError(`Cannot read secret: descriptor ${fd} cannot be read`, { cause });
  }
}

async function openFd(fd: number): Promise<Source> {
  if (!Number.isInteger(fd) || fd < 0) {
    throw new SecretInputError(`Cannot read secret: ${fd} is not a file descriptor`);
  }
  if (fd === 0) {
    return { read: (buffer) => Deno.stdin.read(buffer), [Symbol.dispose]: () => {} };
  }
  const directory = Deno.build.os === "linux" ? "/proc/self/fd" : "/dev/fd";
  try {
    return await Deno.open(`${directory}/${fd}`, { read: true });
  } catch (cause) {
    throw new SecretInputError(`Cannot read secret: descriptor ${fd} is not open`, { cause });
  }
}
