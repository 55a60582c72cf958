import type { OpenFile } from "../backend.ts";
import type { TransferOptions } from "./web_files.ts";

/** Bytes that are sent before the server has taken the first of them. */
const WINDOW_BYTES = 2_097_152;

/** Bytes written at a time, however large the chunks of a stream are: so often progress is told. */
const PART_BYTES = 262_144;

/** A transfer of which the size may be known. */
export interface WriteBehindOptions extends TransferOptions {
  readonly total: number | undefined;
}

/** Writes a stream to a file from its beginning; a window of requests is under way. */
export async function writeBehind(
  file: OpenFile,
  contents: ReadableStream<Uint8Array>,
  { total, onProgress, signal }: WriteBehindOptions,
): Promise<void> {
  const underWay: { readonly length: number; readonly done: Promise<void> }[] = [];
  let position = 0;
  let taken = 0;
  const oldest = async (): Promise<void> => {
    const first = underWay.shift();
    await first?.done;
    taken += first?.length ?? 0;
    onProgress?.({ bytes: taken, total });
  };
  try {
    for await (const bytes of partsOf(contents)) {
      signal?.throwIfAborted();
      while (position - taken >= WINDOW_BYTES) await oldest();
      const done = Promise.resolve(file.write(bytes, position));
      done.catch(() => {}); // told in its turn
      underWay.push({ length: bytes.length, done });
      position += bytes.length;
    }
    while (underWay.length > 0) await oldest();
    signal?.throwIfAborted();
  } finally {
    await Promise.allSettled(underWay.map(({ done }) => done));
  }
}

/** By a reader, since not every browser iterates over a stream. */
async function* partsOf(contents: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = contents.getReader();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      for (let at = 0; at < chunk.value.length; at += PART_BYTES) {
        yield chunk.value.subarray(at, at + PART_BYTES);
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // it has ended, or whoever made it hears of it
  }
}
