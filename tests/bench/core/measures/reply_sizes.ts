import { clientFor } from "../clients.ts";
import { type PeerName, PeerProcess } from "../peer_process.ts";
import { reply } from "./transfers.ts";

/** Sizes around what Nagle's algorithm, TLS records and socket buffers make a difference at. */
export const REPLY_BYTES: readonly number[] = [
  1,
  100,
  1_000,
  1_200,
  1_460,
  4_096,
  16_384,
  16_385,
  65_536,
  262_144,
  1_048_576,
];

/** What one size cost. */
export interface ReplyTime {
  readonly bytes: number;
  readonly median: number;
  readonly p99: number;
}

/** Request and reply over one TLS connection, in milliseconds, size by size. */
export async function replySizes(name: PeerName, rounds: number): Promise<ReplyTime[]> {
  await using peer = await PeerProcess.start(name);
  const client = clientFor("tls", peer.reach);
  const conn = await client.connect();
  const stream = await conn.open();
  await reply(stream, 1, 20, true);
  const times: ReplyTime[] = [];
  for (const bytes of REPLY_BYTES) {
    times.push({ bytes, ...await reply(stream, bytes, rounds, false) });
  }
  conn.close();
  return times;
}
