import type { BenchConn, Client, TransportName } from "../clients.ts";
import type { PeerProcess } from "../peer_process.ts";
import { CHUNK, type Duplex, Op, readFull } from "../protocol.ts";
import { rate, type Sample } from "./rate.ts";

const MESSAGE_BYTES = 100;
const REQUEST_BYTES = 8 * 1024 * 1024;
const MEGA = 1e6;

/** Runs on that many streams: of one connection over QUIC, of one connection each over TLS. */
export async function onStreams(
  client: Client,
  transport: TransportName,
  count: number,
  run: (streams: Duplex[]) => Promise<Sample>,
): Promise<Sample> {
  const conns: BenchConn[] = [];
  for (let made = 0; made < (transport === "quic" ? 1 : count); made++) {
    conns.push(await client.connect());
  }
  const streams = await Promise.all(
    Array.from({ length: count }, (_, index) => (conns[index] ?? conns[0])?.open()),
  );
  const sample = await run(streams.filter((stream) => stream !== undefined));
  for (const conn of conns) conn.close();
  return sample;
}

/** Round trips of 100 bytes a second, one after the other on each stream. */
export function roundTrips(
  streams: Duplex[],
  peer: PeerProcess,
  durationMs: number,
): Promise<Sample> {
  return rate(peer, durationMs, (goingOn) =>
    sum(streams, async (stream) => {
      const [message, answer] = [new Uint8Array(MESSAGE_BYTES), new Uint8Array(MESSAGE_BYTES)];
      message[0] = Op.Echo;
      let done = 0;
      for (; goingOn(); done++) {
        await stream.write(message);
        await readFull(stream, answer);
      }
      return done;
    }));
}

/** Megabytes a second to the server, acknowledged by it. */
export function upload(streams: Duplex[], peer: PeerProcess, durationMs: number): Promise<Sample> {
  return megabytes(peer, durationMs, (goingOn) =>
    sum(streams, async (stream) => {
      let sent = 0;
      await stream.write(new Uint8Array([Op.Sink]));
      for (; goingOn(); sent += CHUNK.length) await stream.write(CHUNK);
      await stream.closeWrite();
      await stream.read(new Uint8Array(1));
      return sent;
    }));
}

/** Megabytes a second from the server. */
export function download(
  streams: Duplex[],
  peer: PeerProcess,
  durationMs: number,
): Promise<Sample> {
  return megabytes(peer, durationMs, (goingOn) =>
    sum(streams, async (stream) => {
      const buffer = new Uint8Array(65_536);
      let got = 0;
      for (let first = true; goingOn(); first = false) {
        await request(stream, REQUEST_BYTES, first);
        for (let left = REQUEST_BYTES; left > 0;) {
          const count = await stream.read(buffer) ?? left;
          left -= count;
          got += count;
        }
      }
      return got;
    }));
}

/** Median and 99th percentile of the milliseconds a reply of that size takes. */
export async function reply(
  stream: Duplex,
  bytes: number,
  rounds: number,
  first: boolean,
): Promise<{ median: number; p99: number }> {
  const times: number[] = [];
  const buffer = new Uint8Array(bytes);
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    await request(stream, bytes, first && round === 0);
    await readFull(stream, buffer);
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? NaN;
  return { median: at(0.5), p99: at(0.99) };
}

async function request(stream: Duplex, bytes: number, first: boolean): Promise<void> {
  const message = new Uint8Array(5);
  message[0] = Op.Source;
  new DataView(message.buffer).setUint32(1, bytes);
  await stream.write(first ? message : message.subarray(1));
}

async function megabytes(
  peer: PeerProcess,
  durationMs: number,
  work: (goingOn: () => boolean) => Promise<number>,
): Promise<Sample> {
  const { value, cpuMs, ops } = await rate(peer, durationMs, work);
  return { value: value / MEGA, cpuMs, ops: ops / MEGA };
}

async function sum(
  streams: readonly Duplex[],
  work: (stream: Duplex) => Promise<number>,
): Promise<number> {
  const counts = await Promise.all(streams.map(work));
  return counts.reduce((total, each) => total + each, 0);
}
