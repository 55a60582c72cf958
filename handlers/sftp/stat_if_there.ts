import type { Files, FileStat } from "./backend.ts";
import { SftpError } from "./sftp_error.ts";
import { StatusCode } from "./wire/codes.ts";

/**
 * What a name leads to, or undefined where it leads nowhere.
 *
 * @param files Where.
 * @param path A canonical path.
 * @param options Whether a symbolic link is followed. Default: it is.
 * @throws {SftpError} When it is there and cannot be looked at.
 *
 * @example
 * ```ts
 * import { memoryFiles, statIfThere } from "@alknet/sftp";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(await statIfThere(memoryFiles(), "/none"), undefined);
 * ```
 */
export async function statIfThere(
  files: Pick<Files, "stat" | "lstat">,
  path: string,
  { follow = true }: { readonly follow?: boolean } = {},
): Promise<FileStat | undefined> {
  try {
    return follow ? await files.stat(path) : await files.lstat(path);
  } catch (error) {
    if (error instanceof SftpError && error.status === StatusCode.NoSuchFile) return undefined;
    throw error;
  }
}
