import { type BenchConn, clientFor } from "../clients.ts";
import { PeerProcess } from "../peer_process.ts";
import type { Duplex } from "../protocol.ts";
import { atOnce, rate, type Sample } from "./rate.ts";
import { REPLY_BYTES, type ReplyTime } from "./reply_sizes.ts";

/** Peers that speak HTTP/1.1 over TLS. */
export type HttpPeer = "http" | "raw-http";

/** Milliseconds from request to the last byte of the reply on one connection, size by size. */
export async function httpReplySizes(name: HttpPeer, rounds: number): Promise<ReplyTime[]> {
  await using peer = await PeerProcess.start(name);
  const conn = await connect(peer);
  const stream = await conn.open();
  for (let round = 0; round < 20; round++) await get(stream, 1);
  const results: ReplyTime[] = [];
  for (const bytes of REPLY_BYTES) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now();
      await get(stream, bytes);
      times.push(performance.now() - startedAt);
    }
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.floor((rounds - 1) * share)] ?? NaN;
    results.push({ bytes, median: at(0.5), p99: at(0.99) });
  }
  conn.close();
  return results;
}

/** Requests a second for 100 bytes, so many connections with one request each at a time. */
export async function httpRate(
  peer: PeerProcess,
  connections: number,
  durationMs: number,
): Promise<Sample> {
  const conns = await Promise.all(Array.from({ length: connections }, () => connect(peer)));
  const left = [...conns];
  const sample = await rate(peer, durationMs, (goingOn) =>
    atOnce(connections, async () => {
      const stream = await left.pop()?.open();
      let done = 0;
      for (; stream && goingOn(); done++) await get(stream, 100);
      return done;
    }));
  for (const conn of conns) conn.close();
  return sample;
}

function connect(peer: PeerProcess): Promise<BenchConn> {
  return clientFor("tls", peer.reach, "http/1.1").connect();
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

async function get(stream: Duplex, bytes: number): Promise<void> {
  await stream.write(encoder.encode(`GET /${bytes} HTTP/1.1\r\nhost: bench\r\n\r\n`));
  const buffer = new Uint8Array(65_536);
  let head = "";
  let left = Infinity;
  while (left > 0) {
    const count = await stream.read(buffer);
    if (count === null) throw new Error("server ended the connection");
    if (left !== Infinity) left -= count;
    else {
      head += decoder.decode(buffer.subarray(0, count));
      const end = head.indexOf("\r\n\r\n");
      if (end >= 0) left = bytes - (head.length - end - 4);
    }
  }
}
