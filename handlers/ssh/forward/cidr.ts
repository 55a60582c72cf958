import { BlockList, isIP } from "node:net";

/** Whether a text is a network or an address, as {@linkcode matchesCidr} takes them. */
export function isCidr(text: string): boolean {
  return matchesCidr(text, text.split("/")[0] ?? "");
}

/**
 * Whether an address lies in a network.
 *
 * @param cidr `10.0.0.0/8`, `fd00::/8`, or one address.
 * @param address An IPv4 or IPv6 address; IPv4 within IPv6 counts as IPv4.
 * @returns False as well for what is neither.
 */
export function matchesCidr(cidr: string, address: string): boolean {
  const plain = plainAddress(address);
  const [network = "", length, ...rest] = cidr.split("/");
  const family = isIP(network);
  if (family === 0 || isIP(plain) !== family || rest.length > 0) return false;
  const bits = family === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (prefix < 0 || prefix > bits) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, family === 4 ? "ipv4" : "ipv6");
  return list.check(plain, family === 4 ? "ipv4" : "ipv6");
}

/** An address without its being written as IPv4 within IPv6, and without a zone. */
export function plainAddress(address: string): string {
  const [withoutZone = ""] = address.split("%");
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.[1] ?? withoutZone;
}
