import { median } from "../core/compare.ts";
import { figure, table } from "../core/table.ts";
import type { PeerEnds } from "./end_process.ts";
import type { Effort } from "./unary.ts";

/** What came of a subscription. */
export interface ItemsResult {
  readonly peer: string;
  readonly bytes: number;
  readonly slow: boolean;
  readonly itemsPerSecond: number;
  readonly megabytesPerSecond: number;
  /** Growth of memory from the end of the first round to that of the last, in megabytes. */
  readonly serverGrowthMb: number;
  readonly clientGrowthMb: number;
}

/** Takes items of a size, as fast as it can or with a pause after each. */
export async function items(
  peer: PeerEnds,
  bytes: number,
  slow: boolean,
  { rounds, durationMs }: Effort,
): Promise<ItemsResult> {
  const command = { kind: "items", bytes, pauseEveryMs: slow ? 1 : 0, durationMs } as const;
  await peer.run(command); // warm up
  const before = peer.usage();
  const rates: number[] = [];
  for (let turn = 0; turn < rounds; turn++) {
    const { ops, seconds } = await peer.run(command);
    rates.push(ops / seconds);
  }
  const after = peer.usage();
  const itemsPerSecond = median(rates);
  return {
    peer: peer.name,
    bytes,
    slow,
    itemsPerSecond,
    megabytesPerSecond: itemsPerSecond * bytes / 1e6,
    serverGrowthMb: (after.serverRss - before.serverRss) / 1e6,
    clientGrowthMb: (after.clientRss - before.clientRss) / 1e6,
  };
}

/** Lays the results out. */
export function itemsTable(results: readonly ItemsResult[]): string {
  const rows = results.map((each) => [
    `${each.peer}, ${each.bytes} B, ${each.slow ? "a pause after each" : "as fast as it can"}`,
    figure(each.itemsPerSecond),
    figure(each.megabytesPerSecond),
    each.serverGrowthMb.toFixed(1),
    each.clientGrowthMb.toFixed(1),
  ]);
  return table(["", "items/s", "MB/s", "RSS + MB server", "RSS + MB client"], rows);
}
