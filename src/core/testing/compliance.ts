import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type { Connection, Stream } from "../connection.ts";
import { ConnectionClosedError, StreamClosedError } from "../errors.ts";

/** Two ends of one fresh connection, made by the source under test. */
export interface ConnectedPair extends AsyncDisposable {
  /** The end that dialled. */
  readonly client: Connection;
  /** The end that accepted. */
  readonly server: Connection;
}

/** One thing every source of connections must do. */
export interface ComplianceCase {
  /** A sentence. */
  readonly name: string;
  /** Whether it needs several streams or close codes, which single-stream sources lack. */
  readonly multiplexed: boolean;
  /** Runs it; rejects when the source does not comply. */
  run(connect: () => Promise<ConnectedPair>): Promise<void>;
}

const BULK_BYTES = 3 * 1024 * 1024 + 17;

/**
 * What handlers may rely on, whatever carries the connection. Every source of connections runs all
 * of it:
 *
 * @example
 * ```ts
 * import { connectionCompliance, memoryPair } from "@alknet/core/testing";
 *
 * for (const { run } of connectionCompliance) {
 *   await run(async () => {
 *     const [client, server] = memoryPair();
 *     return { client, server, [Symbol.asyncDispose]: async () => client.close() };
 *   });
 * }
 * ```
 */
export const connectionCompliance: readonly ComplianceCase[] = [
  single("bytes arrive in order and whole, both ways at once", async ({ client, server }) => {
    const [here, there] = await openBoth(client, server);
    const up = sendAndEnd(here, pattern(BULK_BYTES));
    const down = sendAndEnd(there, pattern(BULK_BYTES));
    const [atServer, atClient] = await Promise.all([readAll(there), readAll(here)]);
    await Promise.all([up, down]);
    ok(equal(atServer, pattern(BULK_BYTES)), "upward bytes differ");
    ok(equal(atClient, pattern(BULK_BYTES)), "downward bytes differ");
  }),
  single("closeWrite() ends one direction only", async ({ client, server }) => {
    const [here, there] = await openBoth(client, server);
    await here.closeWrite();
    strictEqual((await readAll(there)).length, 0);
    await sendAndEnd(there, pattern(1000));
    strictEqual((await readAll(here)).length, 1000);
  }),
  single("write() after closeWrite() is refused and harms nothing else", async (pair) => {
    const [here, there] = await openBoth(pair.client, pair.server);
    await here.closeWrite();
    await here.closeWrite();
    await rejects(here.write(pattern(1)), StreamClosedError);
    await sendAndEnd(there, pattern(1000));
    strictEqual((await readAll(here)).length, 1000);
    strictEqual(pair.client.signal.aborted, false);
  }),
  single("read() fills no more than the buffer and loses nothing", async ({ client, server }) => {
    const [here, there] = await openBoth(client, server);
    await sendAndEnd(here, pattern(10));
    const got: number[] = [];
    const buffer = new Uint8Array(3);
    for (let count = await there.read(buffer); count !== null; count = await there.read(buffer)) {
      ok(count > 0 && count <= 3);
      got.push(...buffer.subarray(0, count));
    }
    deepStrictEqual(got, [...pattern(10)]);
  }),
  single("write() waits for a peer that does not read", async ({ client, server }) => {
    const [here, there] = await openBoth(client, server);
    const all = pattern(16 * 1024 * 1024); // more than the buffers of any transport and the kernel
    let sent = false;
    const sending = sendAndEnd(here, all).then(() => sent = true);
    await turn(200);
    strictEqual(sent, false, "16 MiB were taken without anybody reading");
    const got = await readAll(there);
    await sending;
    strictEqual(got.length, all.length);
  }),
  single("web streams carry the same bytes", async ({ client, server }) => {
    const [here, there] = await openBoth(client, server);
    const echoed = there.readable.pipeTo(there.writable);
    const writer = here.writable.getWriter();
    const sent = writer.write(pattern(200_000)).then(() => writer.close());
    const back = new Uint8Array(await new Response(here.readable).arrayBuffer());
    await Promise.all([sent, echoed]);
    ok(equal(back, pattern(200_000)), "echoed bytes differ");
  }),
  single("close() ends everything here and the stream there", async ({ client, server }) => {
    const [here, there] = await openBoth(client, server);
    const pending = here.read(new Uint8Array(1)).catch((error) => error);
    client.close();
    ok(await pending instanceof ConnectionClosedError);
    await rejects(client.openStream(), ConnectionClosedError);
    await readAll(there).catch((error) => ok(error instanceof ConnectionClosedError));
    server.close();
    await Promise.all([client.closed, server.closed]);
    ok(client.signal.aborted && server.signal.aborted);
    await rejects(there.write(pattern(1)));
  }),
  single("reset() is noticed by the other side", async ({ client, server }) => {
    const [here, there] = await openBoth(client, server);
    here.reset();
    await readAll(there).catch(() => {});
    await rejects(writeUntilRefused(there));
  }),
  single("alpn, address and transport are known on both sides", ({ client, server }) => {
    strictEqual(client.alpn, server.alpn);
    strictEqual(client.transport, server.transport);
    ok(server.remoteAddr.hostname.length > 0);
    return Promise.resolve();
  }),
  multi("streams are independent of each other", async ({ client, server }) => {
    const [stuck] = await openBoth(client, server);
    const sending = writeUntilRefused(stuck).catch(() => {});
    const [here, there] = await openBoth(client, server);
    await sendAndEnd(here, pattern(1000));
    strictEqual((await readAll(there)).length, 1000);
    client.close();
    await sending;
  }),
  multi("both sides open streams", async ({ client, server }) => {
    const [here, there] = await openBoth(server, client);
    await sendAndEnd(here, pattern(500));
    strictEqual((await readAll(there)).length, 500);
  }),
  multi("more streams than may be open at once all get their turn", async ({ client, server }) => {
    const served = (async () => {
      let count = 0;
      for await (const stream of server.streams) {
        await stream.readable.pipeTo(stream.writable);
        if (++count === 300) return;
      }
    })();
    await Promise.all(Array.from({ length: 300 }, async (_, index) => {
      const stream = await client.openStream();
      await sendAndEnd(stream, pattern(index + 1));
      strictEqual((await readAll(stream)).length, index + 1);
    }));
    await served;
  }),
  multi("close() ends the other side and its iteration", async ({ client, server }) => {
    await openBoth(client, server);
    const iterated = Array.fromAsync(server.streams);
    client.close();
    await Promise.all([server.closed, iterated]);
    ok(server.signal.aborted);
  }),
  multi("close() carries its code and reason", async ({ client, server }) => {
    await openBoth(client, server);
    client.close(42, "enough");
    deepStrictEqual({ ...await server.closed }, { code: 42, reason: "enough" });
    deepStrictEqual({ ...await client.closed }, { code: 42, reason: "enough" });
  }),
];

function single(name: string, test: (pair: ConnectedPair) => Promise<void>): ComplianceCase {
  return { name, multiplexed: false, run: (connect) => withPair(connect, test) };
}

function multi(name: string, test: (pair: ConnectedPair) => Promise<void>): ComplianceCase {
  return { ...single(name, test), multiplexed: true };
}

async function withPair(
  connect: () => Promise<ConnectedPair>,
  test: (pair: ConnectedPair) => Promise<void>,
): Promise<void> {
  await using pair = await connect();
  await test(pair);
}

/** Opens a stream and takes its other end; the first byte makes it visible, so one is sent. */
async function openBoth(from: Connection, to: Connection): Promise<[Stream, Stream]> {
  const here = await from.openStream();
  await here.write(new Uint8Array([0]));
  for await (const there of to.streams) {
    strictEqual(await there.read(new Uint8Array(1)), 1);
    return [here, there];
  }
  throw new ConnectionClosedError(await to.closed);
}

async function sendAndEnd(stream: Stream, bytes: Uint8Array): Promise<void> {
  await stream.write(bytes);
  await stream.closeWrite();
}

async function readAll(stream: Stream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const buffer = new Uint8Array(65_536);
  for (let count = await stream.read(buffer); count !== null; count = await stream.read(buffer)) {
    chunks.push(buffer.slice(0, count));
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

async function writeUntilRefused(stream: Stream): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    await stream.write(new Uint8Array(65_536));
    await turn(1);
  }
}

function pattern(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).map((_, index) => index * 7 + (index >> 8));
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function turn(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
