import type { FileStat } from "../backend.ts";
import { FileType } from "../wire/attributes.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const HALF_YEAR_SECONDS = 182 * 86_400;

const TYPE_LETTERS: ReadonlyMap<number, string> = new Map([
  [FileType.Directory, "d"],
  [FileType.Link, "l"],
  [FileType.File, "-"],
  [FileType.Fifo, "p"],
  [FileType.Socket, "s"],
  [FileType.CharacterDevice, "c"],
  [FileType.BlockDevice, "b"],
]);

/**
 * The line `ls -l` prints for a file, in UTC and with numbers for names, as clients show it.
 *
 * @param nowSeconds Files older than half a year show their year instead of the time.
 */
export function longName(name: string, stat: FileStat, nowSeconds: number): string {
  const { mode, links, uid, gid, size, mtime } = stat;
  return [
    typeAndPermissions(mode),
    String(links).padStart(3),
    String(uid).padEnd(8),
    String(gid).padEnd(8),
    String(size).padStart(8),
    dateOf(mtime, nowSeconds),
    name,
  ].join(" ");
}

function typeAndPermissions(mode: number): string {
  let text = TYPE_LETTERS.get(mode & FileType.Mask) ?? "?";
  for (let bit = 8; bit >= 0; bit--) text += mode & (1 << bit) ? "xwr"[bit % 3] : "-";
  return text;
}

function dateOf(mtime: number, nowSeconds: number): string {
  const date = new Date(mtime * 1000);
  const day = `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
  const recent = Math.abs(nowSeconds - mtime) < HALF_YEAR_SECONDS;
  return `${day} ${recent ? date.toISOString().slice(11, 16) : ` ${date.getUTCFullYear()}`}`;
}
