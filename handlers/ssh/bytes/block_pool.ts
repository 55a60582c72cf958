/** Size of a block: two packets full of data with what seals them. */
export const BLOCK_BYTES = 66_048;
/** Blocks kept for the next who wants one; those beyond are left to the collector. */
const MAX_SPARE = 32;

const spare: Uint8Array<ArrayBuffer>[] = [];

/**
 * A block of {@linkcode BLOCK_BYTES} for bulk data on its way. A new one would be cleared and, soon
 * after, collected: for each 32 KB that costs more than to seal them. What it held before is still
 * in it.
 */
export function takeBlock(): Uint8Array<ArrayBuffer> {
  return spare.pop() ?? new Uint8Array(BLOCK_BYTES);
}

/** Gives a block back that nobody looks at any more. */
export function giveBlock(block: Uint8Array<ArrayBuffer>): void {
  if (block.length === BLOCK_BYTES && spare.length < MAX_SPARE) spare.push(block);
}
