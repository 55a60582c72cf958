import type { ReadableFile } from "@alknet/core";

import { type ByteRange, parseRange } from "../../sites/byte_range.ts";
import { isNotModified, mayTakeRange } from "../../sites/conditional.ts";
import type { Transfer } from "./transfer.ts";

const READ_BYTES = 262_144;

/** A file that is asked for. */
export interface Download {
  /** What was asked. */
  readonly request: Request;
  /** Open; closed when it has been sent. */
  readonly file: ReadableFile;
  /** Its place; given back when it has been sent. */
  readonly transfer: Transfer;
}

/**
 * Sends a file, or the range of it that is asked for. Whatever is in it, a browser saves it: it is
 * never shown, nor run as a page or a script of this site.
 */
export async function download({ request, file, transfer }: Download): Promise<Response> {
  await using unused = new AsyncDisposableStack();
  unused.use(transfer);
  unused.use(file);
  const { size, version, modifiedAt } = file.info;
  const known = { etag: `"${version}"`, modifiedAt };
  const headers = new Headers({ ...downloadHeaders(file), etag: known.etag });
  if (isNotModified(request.headers, known)) return new Response(null, { status: 304, headers });
  const range = mayTakeRange(request.headers, known)
    ? parseRange(request.headers.get("range"), size)
    : "whole";
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${size}`);
    return new Response(null, { status: 416, headers });
  }
  const part = range === "whole" ? { first: 0, last: size - 1 } : range;
  const status = range === "whole" ? 200 : 206;
  if (range !== "whole") headers.set("content-range", `bytes ${part.first}-${part.last}/${size}`);
  headers.set("content-length", String(part.last - part.first + 1));
  if (request.method === "HEAD") return new Response(null, { status, headers });
  return new Response(contents(file, part, { transfer, held: unused.move() }), { status, headers });
}

function downloadHeaders({ info }: ReadableFile): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "content-disposition": disposition(info.name),
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-cache",
    "accept-ranges": "bytes",
  };
}

/** To be saved under its name (RFC 6266): in ASCII for old programs, and in full (RFC 8187). */
function disposition(name: string): string {
  const plain = name.replace(/\p{C}/gu, "_");
  const ascii = plain.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const full = encodeURIComponent(plain).replace(
    /['()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${full}`;
}

/** Read as the browser takes it; what is held is given back at the end, however that comes. */
function contents(
  file: ReadableFile,
  { first, last }: ByteRange,
  { transfer, held }: { readonly transfer: Transfer; readonly held: AsyncDisposableStack },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = first;
  const stopped = (controller: ReadableStreamDefaultController): void => {
    controller.error(transfer.signal.reason);
    held.disposeAsync().catch(() => {}); // there is nobody left to tell
  };
  return new ReadableStream({
    start: (controller) => {
      const stop = (): void => stopped(controller);
      transfer.signal.addEventListener("abort", stop, { once: true });
      held.defer(() => transfer.signal.removeEventListener("abort", stop));
    },
    async pull(controller) {
      const buffer = new Uint8Array(Math.min(READ_BYTES, last + 1 - position));
      const count = buffer.length === 0 ? 0 : await file.read(buffer, position);
      if (transfer.signal.aborted) return;
      transfer.moved();
      position += count;
      if (count > 0) controller.enqueue(buffer.subarray(0, count));
      if (count > 0 && position <= last) return;
      // A file that has become shorter ends early: the length in the head tells.
      controller.close();
      await held.disposeAsync();
    },
    cancel: () => held.disposeAsync(),
  }, { highWaterMark: 0 });
}
