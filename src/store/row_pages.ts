import { setImmediate } from "node:timers/promises";

/** Rows read at a time: about a millisecond of work. */
export const PAGE_ROWS = 256;

/**
 * Reads a table page by page, so that the event loop turns in between.
 *
 * @param page Reads up to `limit` rows after one; from the start without one.
 */
export async function* pagesOf<Row>(
  page: (after: Row | undefined, limit: number) => Promise<Row[]>,
): AsyncGenerator<Row[]> {
  let last: Row | undefined;
  for (;;) {
    const rows = await page(last, PAGE_ROWS);
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE_ROWS) return;
    last = rows.at(-1);
    await setImmediate();
  }
}

/** Cuts keys into lists for `in (…)`; few lengths occur, so few statements are prepared. */
export function* keyLists(keys: Iterable<string>): Generator<string[]> {
  const all = [...keys];
  for (let start = 0; start < all.length; start += PAGE_ROWS) {
    const list = all.slice(start, start + PAGE_ROWS);
    const length = LENGTHS.find((each) => each >= list.length) ?? PAGE_ROWS;
    yield [...list, ...new Array<string>(length - list.length).fill(list[0] ?? "")];
  }
}

const LENGTHS: readonly number[] = [1, 8, 64, PAGE_ROWS];
