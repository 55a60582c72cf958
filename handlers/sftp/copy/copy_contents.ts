import type { OpenFile } from "../backend.ts";

/** A range of a file, and how to copy it. */
export interface ContentsOptions {
  readonly begin: number;
  readonly end: number;
  readonly chunkBytes: number;
  readonly windowBytes: number;
  readonly onBytes?: (count: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Copies a range from one open file to the same place of another, many chunks at a time. A chunk
 * begins only when the one a whole window before it is done, so what an interrupted copy leaves is
 * complete but for its last `windowBytes`.
 *
 * @returns Where the source ended, at most at `end`.
 */
export async function copyContents(
  source: OpenFile,
  goal: OpenFile,
  { begin, end, chunkBytes, windowBytes, onBytes, signal }: ContentsOptions,
): Promise<number> {
  const slots = Math.max(1, Math.floor(windowBytes / chunkBytes));
  const buffers: Uint8Array[] = [];
  const underWay: Promise<number>[] = [];
  let reached = begin;
  const oldest = async (): Promise<void> => {
    const copied = await underWay.shift() ?? 0;
    reached += copied;
    onBytes?.(copied);
  };
  try {
    for (let at = begin; at < end; at += chunkBytes) {
      signal?.throwIfAborted();
      if (underWay.length >= slots) await oldest();
      const slot = ((at - begin) / chunkBytes) % slots;
      const buffer = buffers[slot] ??= new Uint8Array(Math.min(chunkBytes, end - begin));
      underWay.push(copyChunk(source, goal, buffer.subarray(0, end - at), at));
    }
    while (underWay.length > 0) await oldest();
    return reached;
  } finally {
    await Promise.allSettled(underWay);
  }
}

/** Reads may be short before the end of a file. */
async function copyChunk(
  source: OpenFile,
  goal: OpenFile,
  chunk: Uint8Array,
  position: number,
): Promise<number> {
  let filled = 0;
  while (filled < chunk.length) {
    const count = await source.read(chunk.subarray(filled), position + filled);
    if (count === 0) break;
    filled += count;
  }
  if (filled > 0) await goal.write(chunk.subarray(0, filled), position);
  return filled;
}
