import type { OpenFile } from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import { StatusCode } from "../wire/codes.ts";
import type { ReadOptions } from "./web_files.ts";

/** Bytes that are asked for before the first of them has been taken. */
const WINDOW_BYTES = 2_097_152;

/** A range of a file, and the size of a request. */
export interface ReadAheadOptions extends ReadOptions {
  readonly begin: number;
  readonly end: number;
  readonly chunkBytes: number;
}

/** The range as a stream. A window of requests is under way; the file is closed at its end. */
export function readAhead(file: OpenFile, options: ReadAheadOptions): ReadableStream<Uint8Array> {
  const { begin, end, chunkBytes, onProgress, signal } = options;
  const slots = Math.max(1, Math.floor(WINDOW_BYTES / chunkBytes));
  const total = Math.max(0, end - begin);
  const underWay: Promise<Uint8Array>[] = [];
  let asked = begin;
  let bytes = 0;
  const ask = (): void => {
    while (underWay.length < slots && asked < end) {
      const chunk = readChunk(file, asked, Math.min(chunkBytes, end - asked));
      chunk.catch(() => {}); // told in its turn
      underWay.push(chunk);
      asked += chunkBytes;
    }
  };
  const close = async (): Promise<void> => {
    await Promise.allSettled(underWay.splice(0));
    await file.close();
  };
  return new ReadableStream({
    async pull(controller) {
      try {
        signal?.throwIfAborted();
        ask();
        const chunk = await underWay.shift();
        if (chunk) {
          bytes += chunk.length;
          controller.enqueue(chunk);
          onProgress?.({ bytes, total });
        }
      } catch (error) {
        await close().catch(() => {}); // the first error counts
        throw error;
      }
      if (bytes < total) return;
      controller.close();
      await close();
    },
    cancel: close,
  }, { highWaterMark: 0 });
}

/** Servers may send less than was asked for; a file that ends early has changed meanwhile. */
async function readChunk(file: OpenFile, position: number, length: number): Promise<Uint8Array> {
  const chunk = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await file.read(chunk.subarray(filled), position + filled);
    if (count === 0) throw new SftpError(StatusCode.Failure, "File became shorter meanwhile");
    filled += count;
  }
  return chunk;
}
