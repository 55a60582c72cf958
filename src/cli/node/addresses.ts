import type { Address } from "@alknet/core";

/**
 * Addresses at which other machines may find a listener: the bound one, or for "any address" those
 * of the network interfaces, loopback last.
 */
export function reachableAddresses(bound: Address): Address[] {
  if (bound.hostname !== "::" && bound.hostname !== "0.0.0.0") return [bound];
  const found = interfaces()
    .filter(({ address }) => bound.hostname === "::" || !address.includes(":"))
    .map(({ address }) => address);
  const outside = found.filter((address) => !isLoopback(address));
  const loopback = found.filter(isLoopback);
  return [...outside, ...loopback].map((hostname) => ({ hostname, port: bound.port }));
}

/** `host:port` as people write it. */
export function formatAddress({ hostname, port }: Address): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

function interfaces(): { address: string }[] {
  const usable = Deno.networkInterfaces().filter(({ address }) =>
    !address.toLowerCase().startsWith("fe80:") // link-local addresses mean nothing elsewhere
  );
  const v4 = usable.filter(({ family }) => family === "IPv4");
  return [...v4, ...usable.filter(({ family }) => family === "IPv6")];
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
