import { SftpError } from "./sftp_error.ts";
import { StatusCode } from "./wire/codes.ts";

/** Longest path in characters, as PATH_MAX of Linux has it. */
export const MAX_PATH_CHARACTERS = 4_096;
/** Longest single name, as NAME_MAX of Linux has it. */
export const MAX_NAME_CHARACTERS = 255;

/**
 * Makes a path that a client sent absolute and canonical: relative ones start at the root, `.` and
 * empty parts go, `..` takes the part before it away and stops at the root. It never looks at files.
 *
 * @param path Any path.
 * @returns One that begins with a slash and has no `.`, `..` or empty parts.
 * @throws {SftpError} For paths that no file can have: with NUL, or too long.
 *
 * @example
 * ```ts
 * import { canonicalPath } from "@alknet/sftp";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(canonicalPath("../docs/./a/../b/"), "/docs/b");
 * strictEqual(canonicalPath(""), "/");
 * ```
 */
export function canonicalPath(path: string): string {
  if (path.includes("\0")) {
    throw new SftpError(StatusCode.NoSuchFile, "No file has NUL in its name");
  }
  if (path.length > MAX_PATH_CHARACTERS) throw nameTooLong();
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
    if (part.length > MAX_NAME_CHARACTERS) throw nameTooLong();
  }
  return `/${parts.join("/")}`;
}

/** The directory and the last part of a canonical path; the part is empty for the root. */
export function splitPath(path: string): { readonly parent: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return { parent: path.slice(0, slash) || "/", name: path.slice(slash + 1) };
}

/** A canonical path and a name, or several parts, below it. */
export function joinPath(parent: string, name: string): string {
  return parent === "/" ? `/${name}` : `${parent}/${name}`;
}

/** Whether a canonical path is another one or lies below it. */
export function isWithin(path: string, directory: string): boolean {
  return directory === "/" || path === directory || path.startsWith(`${directory}/`);
}

function nameTooLong(): SftpError {
  return new SftpError(StatusCode.Failure, "File name too long");
}
