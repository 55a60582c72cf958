import type { Duplex } from "./protocol.ts";

/** A QUIC stream of Deno's the fastest way there is: a BYOB reader whose buffer goes round. */
export function quicDuplex({ readable, writable }: Deno.QuicBidirectionalStream): Duplex {
  const reader = readable.getReader({ mode: "byob" });
  const writer = writable.getWriter();
  let spare = new Uint8Array(0);
  return {
    async read(buffer): Promise<number | null> {
      if (spare.length < buffer.length) spare = new Uint8Array(buffer.length);
      const { done, value } = await reader.read(spare.subarray(0, buffer.length));
      if (done || !value) return null;
      spare = new Uint8Array(value.buffer);
      buffer.set(value);
      return value.length;
    },
    write: (bytes) => writer.write(bytes),
    closeWrite: () => writer.close(),
  };
}

/** A TLS connection of Deno's. */
export function tlsDuplex(conn: Deno.TlsConn): Duplex {
  return {
    read: (buffer) => conn.read(buffer),
    async write(bytes): Promise<void> {
      for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
    },
    closeWrite: () => conn.closeWrite(),
  };
}
