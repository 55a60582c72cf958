import type { Connection, Stream } from "@alknet/core";

/** A connection that notes the type of each frame that crosses it, with `>` for those it sends. */
export function taped(conn: Connection, frames: string[]): Connection {
  const note = (sign: string, bytes: Uint8Array): void => {
    const types = new TextDecoder().decode(bytes).matchAll(/"type":"([^"]+)"/g);
    for (const [, type] of types) frames.push(`${sign} ${type}`);
  };
  return {
    alpn: conn.alpn,
    remoteAddr: conn.remoteAddr,
    transport: conn.transport,
    streams: conn.streams,
    closed: conn.closed,
    signal: conn.signal,
    close: (code, reason) => conn.close(code, reason),
    openStream: async () => tapedStream(await conn.openStream(), note),
    [Symbol.asyncDispose]: () => conn[Symbol.asyncDispose](),
  };
}

function tapedStream(stream: Stream, note: (sign: string, bytes: Uint8Array) => void): Stream {
  return {
    async read(buffer: Uint8Array): Promise<number | null> {
      const count = await stream.read(buffer);
      if (count !== null) note("<", buffer.subarray(0, count));
      return count;
    },
    write(bytes: Uint8Array): Promise<void> {
      note(">", bytes);
      return stream.write(bytes);
    },
    closeWrite: () => stream.closeWrite(),
    reset: () => stream.reset(),
    readable: stream.readable,
    writable: stream.writable,
  };
}
