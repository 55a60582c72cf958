import type { FileStat } from "../../backend.ts";
import type { FileAttributes } from "../../wire/attributes.ts";
import type { LocalRoot } from "./root.ts";

/** Bits of a mode that clients may set: no set-user-ID, set-group-ID or sticky bit. */
export const PERMISSION_BITS = 0o777;

/** What the system says of a file, as sessions know it. */
export function statOf(info: Deno.FileInfo): FileStat {
  return {
    size: info.size,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
    mode: info.mode ?? 0,
    atime: (info.atime?.getTime() ?? 0) / 1000,
    mtime: (info.mtime?.getTime() ?? 0) / 1000,
    links: info.nlink ?? 1,
    inode: info.ino ?? 0,
  };
}

/** Changes attributes of what a path leads to; the path is one that is safe to follow. */
export async function setAttributes(
  root: LocalRoot,
  at: string,
  { size, uid, gid, mode, atime, mtime }: FileAttributes,
): Promise<void> {
  if (size !== undefined) await root.callElsewhere(({ truncate }) => truncate(at, size));
  if (mode !== undefined) await root.call(({ chmod }) => chmod(at, mode & PERMISSION_BITS));
  if (uid !== undefined && gid !== undefined) {
    await root.call(({ chown }) => chown(at, uid, gid));
  }
  if (atime !== undefined && mtime !== undefined) {
    await root.call(({ utimes }) => utimes(at, atime, mtime));
  }
}

/** Changes what can be changed of a symbolic link itself; it has no mode and no size. */
export async function setLinkAttributes(
  root: LocalRoot,
  at: string,
  { uid, gid, atime, mtime }: FileAttributes,
): Promise<void> {
  if (uid !== undefined && gid !== undefined) {
    await root.call(({ lchown }) => lchown(at, uid, gid));
  }
  if (atime !== undefined && mtime !== undefined) {
    await root.call(({ lutimes }) => lutimes(at, atime, mtime));
  }
}
