import type { Client, TransportName } from "./clients.ts";
import { firstByte, handshakes } from "./measures/connections.ts";
import type { Sample } from "./measures/rate.ts";
import { download, onStreams, roundTrips, upload } from "./measures/transfers.ts";
import type { PeerProcess } from "./peer_process.ts";

/** One thing that is measured, the same way for every peer. */
export interface Scenario {
  readonly name: string;
  readonly unit: string;
  run(
    client: Client,
    peer: PeerProcess,
    transport: TransportName,
    durationMs: number,
  ): Promise<Sample>;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "handshakes, one after the other",
    unit: "/s",
    run: (client, peer, _transport, durationMs) => handshakes(client, peer, durationMs, 1),
  },
  {
    name: "handshakes, 32 at once",
    unit: "/s",
    run: (client, peer, _transport, durationMs) => handshakes(client, peer, durationMs, 32),
  },
  {
    name: "first byte of a new connection",
    unit: "ms",
    run: (client, peer, _transport, durationMs) => firstByte(client, peer, durationMs),
  },
  ...[1, 16, 128].map((count) =>
    onEach(`round trips of 100 B, ${count} streams`, count, "/s", roundTrips)
  ),
  ...[1, 8].flatMap((count) => [
    onEach(`bulk to the server, ${count} streams`, count, "MB/s", upload),
    onEach(`bulk from the server, ${count} streams`, count, "MB/s", download),
  ]),
];

function onEach(
  name: string,
  count: number,
  unit: string,
  measure: typeof roundTrips,
): Scenario {
  return {
    name: name.replace(", 1 streams", ", 1 stream"),
    unit,
    run: (client, peer, transport, durationMs) =>
      onStreams(client, transport, count, (streams) => measure(streams, peer, durationMs)),
  };
}
