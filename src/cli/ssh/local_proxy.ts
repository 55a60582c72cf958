import type { Address, Stream } from "@alknet/core";
import { ChannelRefusedError, OpenFailure, openTcp } from "@alknet/ssh";
import { type ProxyRefusal, ProxyRefusedError, type ProxyTarget, serveProxy } from "@alknet/socks";
import { openAssociation } from "./local_udp.ts";
import type { SessionSource } from "./session_link.ts";

/** Serves one client of a proxy: SOCKS 4, 4a and 5, and HTTP CONNECT, out of the other side. */
export async function serveLocalProxy(client: Stream, source: SessionSource): Promise<void> {
  await serveProxy(client, {
    connect: ({ destination }) => connect(destination, source),
    associate: () => openAssociation(source),
  });
}

async function connect(destination: Address, source: SessionSource): Promise<ProxyTarget> {
  try {
    return { stream: await openTcp(await source.session(), destination) };
  } catch (error) {
    throw new ProxyRefusedError(refusalOf(error), messageOf(error), { cause: error });
  }
}

const REFUSALS: ReadonlyMap<number, ProxyRefusal> = new Map([
  [OpenFailure.Prohibited, "not-allowed"],
  [OpenFailure.ConnectFailed, "host-unreachable"],
  [OpenFailure.UnknownType, "command-not-supported"],
]);

function refusalOf(error: unknown): ProxyRefusal {
  if (error instanceof ChannelRefusedError) return REFUSALS.get(error.reason) ?? "failed";
  return "network-unreachable"; // there is no connection to the node
}

/** Where to is not told: it would stand in logs. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
