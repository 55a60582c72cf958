import { clientFor, type TransportName } from "../clients.ts";
import { type PeerName, PeerProcess } from "../peer_process.ts";
import { memoryOfEach } from "./memory_of_each.ts";

/** Bytes of server memory (RSS) that one idle connection takes. */
export async function idleMemory(
  name: PeerName,
  transport: TransportName,
  connections: number,
): Promise<number> {
  await using peer = await PeerProcess.start(name);
  const client = clientFor(transport, peer.reach);
  const each = await memoryOfEach({
    rssBytes: () => peer.rssBytes(),
    open: () => client.connect(),
    close: (conn) => conn.close(),
  }, connections);
  client.close();
  return each;
}
