import type { FileInfo, FileRoom, OfferedFiles } from "@alknet/core";

import { type Refusal, refusalOf } from "./refusal.ts";

/** Most names of one folder that are looked at. */
export const MAX_LISTED = 10_000;
/** Names on one page. */
export const NAMES_A_PAGE = 200;

/** A folder as a page shows it. */
export interface Listing {
  /** Its path. */
  readonly path: string;
  /** What is on this page, folders first. */
  readonly entries: readonly FileInfo[];
  /** Why nothing is. */
  readonly refusal?: Refusal;
  /** Which page, from 1. */
  readonly page: number;
  /** How many there are. */
  readonly pages: number;
  /** How many names are in the folder; more than are looked at stands for "more". */
  readonly count: number;
  /** What the folder still takes. */
  readonly room: FileRoom;
}

/**
 * Looks into a folder. One whose names may not be seen is still one to upload to.
 *
 * @param files Where.
 * @param path The folder.
 * @param wanted The page, as text.
 * @throws {FileError} Where there is no such folder.
 */
export async function listingOf(
  files: OfferedFiles,
  path: string,
  wanted: string | undefined,
): Promise<Listing> {
  const room = await files.room(path);
  const { names, refusal } = await namesIn(files, path);
  const shown = names.slice(0, MAX_LISTED).sort(foldersFirst);
  const pages = Math.max(1, Math.ceil(shown.length / NAMES_A_PAGE));
  const page = Math.min(pages, Math.max(1, Math.trunc(Number(wanted ?? 1)) || 1));
  const entries = shown.slice((page - 1) * NAMES_A_PAGE, page * NAMES_A_PAGE);
  return { path, entries, refusal, page, pages, count: names.length, room };
}

async function namesIn(
  files: OfferedFiles,
  path: string,
): Promise<{ readonly names: FileInfo[]; readonly refusal?: Refusal }> {
  const names: FileInfo[] = [];
  try {
    for await (const info of files.list(path)) {
      names.push(info);
      if (names.length > MAX_LISTED) break;
    }
    return { names };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal.status !== 403) throw error;
    return { names, refusal };
  }
}

const NAMES = new Intl.Collator("en", { numeric: true });

function foldersFirst(a: FileInfo, b: FileInfo): number {
  const order = Number(b.kind === "folder") - Number(a.kind === "folder");
  return order || NAMES.compare(a.name, b.name);
}
