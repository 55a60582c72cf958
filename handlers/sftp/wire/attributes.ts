import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { WireError } from "./wire_error.ts";

/** What is known of a file, or what is to be changed (draft-ietf-secsh-filexfer-02 section 5). */
export interface FileAttributes {
  /** Size in bytes. */
  readonly size?: number;
  /** Owner; goes with `gid`. */
  readonly uid?: number;
  /** Group; goes with `uid`. */
  readonly gid?: number;
  /** Permission bits, and the type of the file as in `st_mode`. */
  readonly mode?: number;
  /** Last read, in seconds since 1970; goes with `mtime`. */
  readonly atime?: number;
  /** Last change, in seconds since 1970; goes with `atime`. */
  readonly mtime?: number;
}

/** Types of files in `mode`, and the mask that selects them. */
export const FileType = {
  Mask: 0o170000,
  Fifo: 0o010000,
  CharacterDevice: 0o020000,
  Directory: 0o040000,
  BlockDevice: 0o060000,
  File: 0o100000,
  Link: 0o120000,
  Socket: 0o140000,
} as const;

const SIZE = 0x1;
const UID_GID = 0x2;
const PERMISSIONS = 0x4;
const TIMES = 0x8;
const EXTENDED = 0x8000_0000;
const KNOWN = SIZE | UID_GID | PERMISSIONS | TIMES | EXTENDED;

/** Most pairs of extended attributes that are read over; nobody sends any. */
const MAX_EXTENDED = 16;

/** Whether attributes are those of a directory. */
export function isDirectory({ mode = 0 }: FileAttributes): boolean {
  return (mode & FileType.Mask) === FileType.Directory;
}

/** Whether attributes are those of a symbolic link. */
export function isLink({ mode = 0 }: FileAttributes): boolean {
  return (mode & FileType.Mask) === FileType.Link;
}

/** Whether attributes are those of a plain file. */
export function isFile({ mode = 0 }: FileAttributes): boolean {
  return (mode & FileType.Mask) === FileType.File;
}

/** Reads ATTRS. */
export function readAttributes(reader: ByteReader): FileAttributes {
  const flags = reader.u32();
  if ((flags & ~KNOWN) !== 0) throw new WireError("Attributes have flags of another version");
  const attributes = {
    ...(flags & SIZE ? { size: reader.u64() } : {}),
    ...(flags & UID_GID ? { uid: reader.u32(), gid: reader.u32() } : {}),
    ...(flags & PERMISSIONS ? { mode: reader.u32() } : {}),
    ...(flags & TIMES ? { atime: reader.u32(), mtime: reader.u32() } : {}),
  };
  if (flags & EXTENDED) skipExtended(reader);
  return attributes;
}

/** Writes ATTRS; of a pair that goes together, a missing half is 0. */
export function writeAttributes(writer: ByteWriter, attributes: FileAttributes): void {
  const { size, uid, gid, mode, atime, mtime } = attributes;
  const owned = uid !== undefined || gid !== undefined;
  const timed = atime !== undefined || mtime !== undefined;
  writer.u32(
    (size === undefined ? 0 : SIZE) | (owned ? UID_GID : 0) |
      (mode === undefined ? 0 : PERMISSIONS) | (timed ? TIMES : 0),
  );
  if (size !== undefined) writer.u64(size);
  if (owned) writer.u32(uid ?? 0).u32(gid ?? 0);
  if (mode !== undefined) writer.u32(mode);
  if (timed) writer.u32(seconds(atime)).u32(seconds(mtime));
}

/** Times before 1970 and after 2106 do not exist in this version. */
function seconds(time = 0): number {
  return Math.min(0xffff_ffff, Math.max(0, Math.floor(time)));
}

function skipExtended(reader: ByteReader): void {
  const count = reader.u32();
  if (count > MAX_EXTENDED) throw new WireError(`${count} extended attributes: too many`);
  for (let pair = 0; pair < count; pair++) {
    reader.bytes();
    reader.bytes();
  }
}
