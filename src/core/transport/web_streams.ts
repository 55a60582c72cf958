import type { ReceiveStream, SendStream } from "../connection.ts";

const CHUNK_BYTES = 65_536;

/** Presents the read half of a stream as a web byte stream, with the same errors. */
export function readableFrom(
  stream: Pick<ReceiveStream, "read">,
  cancel: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: CHUNK_BYTES,
    async pull(controller): Promise<void> {
      const request = controller.byobRequest;
      const view = request?.view;
      if (!request || !view) return;
      const buffer = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      const count = await stream.read(buffer);
      if (count === null) controller.close();
      request.respond(count ?? 0);
    },
    cancel,
  });
}

/** Presents the write half of a stream as a web stream, with the same errors. */
export function writableFrom(
  stream: Pick<SendStream, "write" | "closeWrite">,
  abort: () => void,
): WritableStream<Uint8Array> {
  return new WritableStream({
    write: (chunk) => stream.write(chunk),
    close: () => stream.closeWrite(),
    abort,
  });
}
