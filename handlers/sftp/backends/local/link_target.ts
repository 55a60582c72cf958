import { SftpError } from "../../sftp_error.ts";
import { splitPath } from "../../virtual_path.ts";
import { StatusCode } from "../../wire/codes.ts";
import type { LocalRoot } from "./root.ts";

/**
 * What is written into a symbolic link. Absolute targets mean the client's root, so the real root
 * goes in front; the kernel then follows them where the client meant.
 *
 * @throws {SftpError} When the target lies outside, so that no program that follows links without
 * care can be led out through one a client made.
 */
export function toStoredTarget(root: LocalRoot, path: string, target: string): string {
  if (target === "" || target.includes("\0")) {
    throw new SftpError(StatusCode.Failure, "Invalid target of a link");
  }
  const absolute = target.startsWith("/");
  const steps = absolute ? target : `${splitPath(path).parent}/${target}`;
  if (leadsOut(steps)) throw new SftpError(StatusCode.PermissionDenied);
  return absolute ? root.naive(target) : root.naive(`/${target}`) && target;
}

/**
 * What a client gets to read of a symbolic link.
 *
 * @throws {SftpError} When it names a place outside, which is none of the client's business.
 */
export function fromStoredTarget(root: LocalRoot, stored: string): string {
  if (!stored.startsWith("/")) return stored;
  const found = root.virtual(stored);
  if (found === undefined) throw new SftpError(StatusCode.PermissionDenied);
  return found;
}

function leadsOut(path: string): boolean {
  let depth = 0;
  for (const part of path.split("/")) {
    if (part === "..") depth--;
    else if (part !== "" && part !== ".") depth++;
    if (depth < 0) return true;
  }
  return false;
}
