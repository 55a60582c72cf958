import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Address } from "@alknet/core";

/**
 * Addresses to try for a list of names, IPv6 and IPv4 in turn (RFC 8305 section 4).
 *
 * @param addresses Names or literal addresses with ports.
 * @returns IP addresses, each once; empty when no name resolves.
 */
export async function resolveAll(addresses: readonly Address[]): Promise<Address[]> {
  const found = await Promise.all(addresses.map(resolveOne));
  const seen = new Set<string>();
  return found.flat().filter(({ hostname, port }) => {
    const key = `${hostname}|${port}`;
    return !seen.has(key) && Boolean(seen.add(key));
  });
}

async function resolveOne({ hostname, port }: Address): Promise<Address[]> {
  if (isIP(hostname) !== 0) return [{ hostname, port }];
  try {
    const records = await lookup(hostname, { all: true, verbatim: true });
    return interleave(records.map(({ address }) => address)).map((ip) => ({ hostname: ip, port }));
  } catch {
    return []; // the dial reports the name as not resolving
  }
}

function interleave(ips: readonly string[]): string[] {
  const v6 = ips.filter((ip) => ip.includes(":"));
  const v4 = ips.filter((ip) => !ip.includes(":"));
  const pairs = Array.from({ length: Math.max(v6.length, v4.length) }, (_, i) => [v6[i], v4[i]]);
  return pairs.flat().filter((ip) => ip !== undefined);
}
