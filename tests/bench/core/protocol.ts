/** What the peers of a benchmark do on a stream: its first byte says which. */
export const Op = {
  /** Sends back what it reads, as it reads it. */
  Echo: 1,
  /** Reads to the end and answers with one byte. */
  Sink: 2,
  /** Reads a length of four bytes and sends that many, again and again. */
  Source: 3,
} as const;

/** As much of a stream as the peers use. */
export interface Duplex {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<void>;
  closeWrite(): Promise<void>;
}

export const ALPN = "bench";
/** One write of a bulk transfer. */
export const CHUNK = new Uint8Array(65_536);

/** Serves one stream to its end. A stream that says nothing takes no buffer. */
export async function serveStream(stream: Duplex): Promise<void> {
  const op = new Uint8Array(1);
  if (!await readFull(stream, op)) return await stream.closeWrite();
  if (op[0] === Op.Echo) await echo(stream, op);
  else if (op[0] === Op.Sink) await sink(stream);
  else await source(stream);
}

/** Fills a buffer; false at the end. */
export async function readFull(stream: Duplex, buffer: Uint8Array): Promise<boolean> {
  for (let filled = 0; filled < buffer.length;) {
    const count = await stream.read(buffer.subarray(filled));
    if (count === null) return false;
    filled += count;
  }
  return true;
}

async function echo(stream: Duplex, first: Uint8Array): Promise<void> {
  const buffer = new Uint8Array(CHUNK.length);
  await stream.write(first);
  for (let count = await stream.read(buffer); count !== null; count = await stream.read(buffer)) {
    await stream.write(buffer.subarray(0, count));
  }
  await stream.closeWrite();
}

async function sink(stream: Duplex): Promise<void> {
  const buffer = new Uint8Array(CHUNK.length);
  while (await stream.read(buffer) !== null);
  await stream.write(new Uint8Array(1));
  await stream.closeWrite();
}

async function source(stream: Duplex): Promise<void> {
  const length = new Uint8Array(4);
  while (await readFull(stream, length)) {
    await send(stream, new DataView(length.buffer).getUint32(0));
  }
  await stream.closeWrite();
}

/** In one write where it fits a chunk's, as a protocol that coalesces would. */
async function send(stream: Duplex, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    await stream.write(left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left));
  }
}
