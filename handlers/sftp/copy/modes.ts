import { type FileStat, type OpenMode, READ_MODE } from "../backend.ts";
import type { FileAttributes } from "../wire/attributes.ts";
import type { CopyOptions } from "./place.ts";

/** How a goal is opened: made where it is missing, kept where it is there. */
export function modeFor({ mode }: FileStat, { preserve }: CopyOptions): OpenMode {
  const bits = preserve ? mode & 0o777 : mode & 0o111 ? 0o777 : 0o666;
  return { ...READ_MODE, read: false, write: true, create: true, mode: bits };
}

/** What of a source its copy is given. */
export function timesAndMode({ mode, atime, mtime }: FileStat): FileAttributes {
  return { mode: mode & 0o777, atime, mtime };
}
