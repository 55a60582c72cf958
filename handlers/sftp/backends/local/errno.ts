import { constants } from "node:os";

import { SftpError } from "../../sftp_error.ts";
import { StatusCode } from "../../wire/codes.ts";

/** What a client is told for an errno; the text is ours, since the system's names paths. */
const BY_ERRNO: ReadonlyMap<string, readonly [StatusCode, string?]> = new Map([
  ["ENOENT", [StatusCode.NoSuchFile]],
  ["ENOTDIR", [StatusCode.NoSuchFile, "Not a directory"]],
  ["ELOOP", [StatusCode.NoSuchFile, "Too many symbolic links"]],
  ["EACCES", [StatusCode.PermissionDenied]],
  ["EPERM", [StatusCode.PermissionDenied]],
  ["EROFS", [StatusCode.PermissionDenied, "Read-only file system"]],
  ["EEXIST", [StatusCode.Failure, "File exists"]],
  ["ENOTEMPTY", [StatusCode.Failure, "Directory not empty"]],
  ["EISDIR", [StatusCode.Failure, "Is a directory"]],
  ["ENOSPC", [StatusCode.Failure, "No space left"]],
  ["EDQUOT", [StatusCode.Failure, "Quota exceeded"]],
  ["EFBIG", [StatusCode.Failure, "File too large"]],
  ["EXDEV", [StatusCode.Failure, "Not on the same file system"]],
  ["EBUSY", [StatusCode.Failure, "In use"]],
  ["EMLINK", [StatusCode.Failure, "Too many links"]],
  ["EMFILE", [StatusCode.Failure, "Too many open files"]],
  ["ENFILE", [StatusCode.Failure, "Too many open files"]],
  ["ENAMETOOLONG", [StatusCode.Failure, "File name too long"]],
  ["EINVAL", [StatusCode.Failure, "Invalid argument"]],
  ["ENXIO", [StatusCode.PermissionDenied, "Not a plain file"]],
]);

/** Turns an error of the system into one for the client; anything else stays as it is. */
export function fromSystem(error: unknown): unknown {
  const code = errnoOf(error);
  if (code === undefined) return error;
  const [status, text] = BY_ERRNO.get(code) ?? [StatusCode.Failure];
  return new SftpError(status, text, { cause: error });
}

/** The errno of an error of the system, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? error.code : undefined;
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) return code;
  // Deno leaves the code out of errors for which it has no class, such as EFBIG.
  const number = Number(/\(os error (\d+)\)/.exec(error.message)?.[1]);
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0];
}
