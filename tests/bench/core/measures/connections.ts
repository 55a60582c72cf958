import type { Client } from "../clients.ts";
import type { PeerProcess } from "../peer_process.ts";
import { Op } from "../protocol.ts";
import { atOnce, rate, type Sample } from "./rate.ts";

/** Handshakes a second, so many at once. */
export function handshakes(
  client: Client,
  peer: PeerProcess,
  durationMs: number,
  concurrency: number,
): Promise<Sample> {
  return rate(peer, durationMs, (goingOn) =>
    atOnce(concurrency, async () => {
      let done = 0;
      for (; goingOn(); done++) (await client.connect()).close();
      return done;
    }));
}

/** Milliseconds from nothing to the first byte of an answer on a new connection: the median. */
export async function firstByte(
  client: Client,
  peer: PeerProcess,
  durationMs: number,
): Promise<Sample> {
  const times: number[] = [];
  const { cpuMs, ops } = await rate(peer, durationMs, async (goingOn) => {
    while (goingOn()) times.push(await toFirstByte(client));
    return times.length;
  });
  return { value: times.sort((a, b) => a - b)[times.length >> 1] ?? NaN, cpuMs, ops };
}

async function toFirstByte(client: Client): Promise<number> {
  const startedAt = performance.now();
  const conn = await client.connect();
  const stream = await conn.open();
  await stream.write(new Uint8Array([Op.Echo]));
  await stream.read(new Uint8Array(1));
  const ms = performance.now() - startedAt;
  conn.close();
  return ms;
}
