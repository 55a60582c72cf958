import { clientFor, type TransportName } from "../clients.ts";
import { type PeerName, PeerProcess } from "../peer_process.ts";

const SETTLE_MS = 3_000;
const DIALLERS = 32;

/** Bytes of server memory (RSS) that one idle connection takes. */
export async function idleMemory(
  name: PeerName,
  transport: TransportName,
  connections: number,
): Promise<number> {
  await using peer = await PeerProcess.start(name);
  const client = clientFor(transport, peer.reach);
  const warm = await client.connect(); // code and tables that the first connection loads
  await pause(SETTLE_MS / 3);
  const before = peer.rssBytes();
  const conns = [warm];
  await Promise.all(Array.from({ length: DIALLERS }, async () => {
    while (conns.length <= connections) {
      const slot = conns.push(warm) - 1;
      conns[slot] = await client.connect();
    }
  }));
  await pause(SETTLE_MS);
  const each = (peer.rssBytes() - before) / connections;
  for (const conn of conns.slice(1)) conn.close();
  warm.close();
  client.close();
  return each;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
