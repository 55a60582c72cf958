import { createHash } from "node:crypto";

import { READ_MODE } from "../backend.ts";
import { SftpClient } from "../client/sftp_client.ts";
import { SftpError } from "../sftp_error.ts";
import { StatusCode } from "../wire/codes.ts";
import type { Place } from "./place.ts";

const CHUNK_BYTES = 262_144;

/** Thrown when a copy differs from its source. */
export class VerifyError extends Error {
  /** The class's name. */
  override readonly name = "VerifyError";
  /** Who has to act: the copy is there, and is not to be trusted. */
  readonly blame = "remote";
  /** The copy's path. */
  readonly path: string;

  /** Names the copy. */
  constructor(path: string) {
    super("Copy differs from its source");
    this.path = path;
  }
}

/**
 * Compares a copy with its source by SHA-256. A server that knows `check-file` hashes its side
 * itself; else the file is read back.
 *
 * @throws {VerifyError} When they differ.
 */
export async function verifyCopy(source: Place, goal: Place, signal?: AbortSignal): Promise<void> {
  const [first, second] = await Promise.all([hashOf(source, signal), hashOf(goal, signal)]);
  if (first.some((byte, index) => byte !== second[index])) throw new VerifyError(goal.path);
}

async function hashOf({ files, path }: Place, signal?: AbortSignal): Promise<Uint8Array> {
  if (files instanceof SftpClient && files.offers("checkName")) {
    try {
      return (await files.checkFile(path)).hash;
    } catch (error) {
      if (!(error instanceof SftpError) || error.status !== StatusCode.OpUnsupported) throw error;
    }
  }
  const file = await files.open(path, READ_MODE);
  try {
    const hash = createHash("sha256");
    const buffer = new Uint8Array(files.chunkBytes ?? CHUNK_BYTES);
    for (let at = 0;;) {
      signal?.throwIfAborted();
      const count = await file.read(buffer, at);
      if (count === 0) return hash.digest();
      hash.update(buffer.subarray(0, count));
      at += count;
    }
  } finally {
    await file.close();
  }
}
