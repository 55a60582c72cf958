import type { FileStat } from "../backend.ts";
import { SftpError, statusOf } from "../sftp_error.ts";
import type { FileAttributes } from "../wire/attributes.ts";
import { StatusCode } from "../wire/codes.ts";
import type { ReplyOf, SftpReply } from "../wire/replies.ts";
import { WireError } from "../wire/wire_error.ts";

/**
 * The answer, if it is of the expected kind.
 *
 * @throws {SftpError} When it is a refusal.
 * @throws {WireError} When it is neither.
 */
export function expect<K extends SftpReply["kind"]>(kind: K, reply: SftpReply): ReplyOf<K> {
  if (reply.kind === kind) return reply as ReplyOf<K>;
  if (reply.kind === "status") {
    throw new SftpError(statusOf(reply.status), printable(reply.message) || undefined);
  }
  throw new WireError(`Answer is of kind "${reply.kind}" instead of "${kind}"`);
}

/** @throws {SftpError} When it is a refusal. */
export function expectOk(reply: SftpReply): void {
  const { status, message } = expect("status", reply);
  if (status !== StatusCode.Ok) {
    throw new SftpError(statusOf(status), printable(message) || undefined);
  }
}

/** Whether the answer is that there is no more. */
export function isEof(reply: SftpReply): boolean {
  return reply.kind === "status" && reply.status === StatusCode.Eof;
}

/** The one path an answer consists of. */
export function onlyName(reply: SftpReply): string {
  const [first, ...more] = expect("name", reply).entries;
  if (!first || more.length > 0) throw new WireError("Answer has not exactly one name");
  return first.name;
}

/** Attributes with what a server left out filled in; the wire carries no links and inodes. */
export function statFrom(attrs: FileAttributes): FileStat {
  const { size = 0, uid = 0, gid = 0, mode = 0, atime = 0, mtime = 0 } = attrs;
  return { size, uid, gid, mode, atime, mtime, links: 1, inode: 0 };
}

/** A server's text goes to a terminal: nothing in it may control that. */
function printable(text: string): string {
  return text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, "").slice(0, 200);
}
