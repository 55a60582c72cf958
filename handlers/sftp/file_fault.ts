import { FileError, type FileFault } from "@alknet/core";

import type { Awaitable } from "./backend.ts";
import { SftpError } from "./sftp_error.ts";
import { StatusCode } from "./wire/codes.ts";

/** What backends say beside a code that covers much. */
const BY_TEXT: ReadonlyMap<string, FileFault> = new Map([
  ["File exists", "exists"],
  ["Directory not empty", "not-empty"],
  ["Is a directory", "is-folder"],
  ["Not a directory", "no-folder"],
  ["File name too long", "bad-name"],
  ["No file has NUL in its name", "bad-name"],
  ["Name is not UTF-8", "bad-name"],
  ["No space left", "full"],
  ["Quota exceeded", "quota"],
]);

/**
 * Runs a task on a backend, and tells what SFTP would tell a client in the words of the core.
 *
 * @throws {FileError} Instead of `SftpError`.
 */
export async function telling<T>(task: () => Awaitable<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof SftpError)) throw error;
    throw new FileError(faultOf(error), error.message, { cause: error });
  }
}

function faultOf({ status, message }: SftpError): FileFault {
  const told = BY_TEXT.get(message);
  if (told) return told;
  if (status === StatusCode.PermissionDenied) return "denied";
  return status === StatusCode.NoSuchFile ? "missing" : "failed";
}
