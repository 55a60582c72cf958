import { createHash } from "node:crypto";
import { breathe } from "@alknet/core";

import type { OpenFile } from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import { ByteWriter } from "../wire/byte_writer.ts";
import { StatusCode } from "../wire/codes.ts";
import { extended, status } from "./answer_packets.ts";

/** Algorithms by their names in the draft, which are those of node:crypto too. */
const ALGORITHMS: ReadonlySet<string> = new Set([
  "sha256",
  "sha512",
  "sha384",
  "sha224",
  "sha1",
  "md5",
]);
/** Hashed at a time: under a millisecond, so that others have their turn in between. */
const CHUNK_BYTES = 131_072;
/** Smallest block a client may ask for (the draft's own bound). */
const MIN_BLOCK_BYTES = 256;
/** Most bytes of hashes in one answer. */
const MAX_HASH_BYTES = 65_536;

/** What is to be hashed. */
interface Check {
  readonly id: number;
  readonly algorithms: string;
  readonly offset: number;
  readonly length: number;
  readonly blockBytes: number;
}

/**
 * Hashes a range of a file, as a whole or block by block, with the first algorithm of the client's
 * list that is known here (draft-ietf-secsh-filexfer-extensions-00 section 3).
 */
export async function checkFile(
  { file, mode }: { readonly file: OpenFile; readonly mode: { readonly read: boolean } },
  { id, algorithms, offset, length, blockBytes }: Check,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (!mode.read) throw new SftpError(StatusCode.PermissionDenied);
  const algorithm = algorithms.split(",").find((each) => ALGORITHMS.has(each));
  if (!algorithm) return status(id, StatusCode.OpUnsupported, "No known algorithm");
  const end = Math.min((await file.stat()).size, length === 0 ? Infinity : offset + length);
  const writer = new ByteWriter().name("check-file").name(algorithm);
  const block = blockBytes === 0 ? Math.max(1, end - offset) : blockBytes;
  if (blockBytes !== 0 && blockBytes < MIN_BLOCK_BYTES) {
    throw new SftpError(StatusCode.Failure, "Blocks of fewer than 256 bytes");
  }
  let hashed = 0;
  let at = offset;
  do {
    const hash = await hashRange(file, algorithm, at, Math.min(end, at + block), signal);
    hashed += hash.length;
    if (hashed > MAX_HASH_BYTES) throw new SftpError(StatusCode.Failure, "Too many blocks");
    writer.rest(hash);
    at += block;
  } while (at < end);
  return extended(id, writer);
}

/** The hash of a range of a file; others have their turn meanwhile. */
export async function hashRange(
  file: OpenFile,
  algorithm: string,
  begin: number,
  end: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const hash = createHash(algorithm);
  const buffer = new Uint8Array(Math.max(0, Math.min(CHUNK_BYTES, end - begin)));
  for (let at = begin; at < end;) {
    signal.throwIfAborted();
    const count = await file.read(buffer.subarray(0, end - at), at);
    if (count === 0) break;
    await breathe();
    hash.update(buffer.subarray(0, count));
    at += count;
  }
  return hash.digest();
}
