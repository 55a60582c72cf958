import { dial } from "@alknet/client";
import type { Connection, Stream } from "@alknet/core";
import { connectH3 } from "@alknet/h3";

/** Asks for so many bytes and throws them away. */
export type Get = (bytes: number) => Promise<void>;

/** A way to the server. */
export interface Road extends AsyncDisposable {
  readonly get: Get;
}

/** The roads by name: the first of a pair is measured against the second. */
export const ROADS: Readonly<Record<string, (target: string) => Promise<Road>>> = {
  "h3": h3Road,
  "webtransport": sessionRoad,
  "raw QUIC": rawRoad,
};

const PADDING = " ".repeat(90);

async function h3Road(target: string): Promise<Road> {
  const conn = await dial(target, { alpn: "h3", transports: ["quic"] });
  const client = connectH3(conn);
  return closing(conn, async (bytes) => {
    const response = await client.fetch(`https://localhost/${bytes}`);
    const reader = response.body?.getReader({ mode: "byob" });
    let view = new Uint8Array(65_536);
    for (let total = 0; reader;) {
      const { done, value } = await reader.read(view);
      if (done) return assertLength(total, bytes);
      total += value.length;
      view = new Uint8Array(value.buffer);
    }
  });
}

async function sessionRoad(target: string): Promise<Road> {
  const conn = await dial(target, { alpn: "h3", transports: ["quic"] });
  const session = await connectH3(conn).webTransport("https://localhost/");
  return closing(conn, async (bytes) => await ask(await session.openStream(), bytes));
}

async function rawRoad(target: string): Promise<Road> {
  const conn = await dial(target, { alpn: "bench/raw", transports: ["quic"] });
  return closing(conn, async (bytes) => await ask(await conn.openStream(), bytes));
}

async function ask(stream: Stream, bytes: number): Promise<void> {
  await stream.write(new TextEncoder().encode(`${bytes}${PADDING}`));
  await stream.closeWrite();
  const buffer = new Uint8Array(65_536);
  let total = 0;
  for (let count = await stream.read(buffer); count !== null; count = await stream.read(buffer)) {
    total += count;
  }
  assertLength(total, bytes);
}

function assertLength(total: number, wanted: number): void {
  if (total !== wanted) throw new RangeError(`${total} bytes instead of ${wanted}`);
}

function closing(conn: Connection, get: Get): Road {
  return { get, [Symbol.asyncDispose]: () => conn[Symbol.asyncDispose]() };
}
