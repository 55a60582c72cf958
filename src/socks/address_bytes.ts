import type { Address } from "@alknet/core";

import { ProxyProtocolError } from "./errors.ts";
import type { Parsed } from "./parsed.ts";

/** Address types of RFC 1928 section 5. */
export const AddressType = { Ipv4: 1, Name: 3, Ipv6: 4 } as const;

/**
 * Reads address type, address and port (RFC 1928 sections 4 and 7).
 *
 * @returns Undefined when more bytes are needed.
 * @throws {ProxyProtocolError} For another type, or a name that is none.
 */
export function parseAddressBytes(bytes: Uint8Array): Parsed<Address> | undefined {
  const [type, length = 0] = bytes;
  if (type === undefined) return undefined;
  const start = type === AddressType.Name ? 2 : 1;
  const end = start + sizeOf(type, length);
  if (bytes.length < Math.max(2, end + 2)) return undefined;
  const hostname = hostnameOf(type, bytes.subarray(start, end));
  return { value: { hostname, port: portAt(bytes, end) }, used: end + 2 };
}

function sizeOf(type: number, length: number): number {
  switch (type) {
    case AddressType.Ipv4:
      return 4;
    case AddressType.Ipv6:
      return 16;
    case AddressType.Name:
      return length;
  }
  throw new ProxyProtocolError(`Unknown address type ${type}`);
}

function hostnameOf(type: number, bytes: Uint8Array): string {
  if (type === AddressType.Ipv4) return bytes.join(".");
  return type === AddressType.Ipv6 ? formatIpv6(bytes) : parseHostname(bytes);
}

/** A 16-bit number, most significant byte first. */
export function portAt(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) * 256 + (bytes[offset + 1] ?? 0);
}

/**
 * Reads the name of a host: visible ASCII without anything that would end it early elsewhere.
 *
 * @throws {ProxyProtocolError} For anything else, so that no name reaches a log or a resolver that
 * holds a space, a NUL or a line break.
 */
export function parseHostname(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes);
  if (/^[A-Za-z0-9._:-]{1,255}$/.test(text)) return text;
  throw new ProxyProtocolError("Host name holds characters that no host name has");
}

/** Writes address type, address and port; what is no IP address is written as a name. */
export function addressBytes({ hostname, port }: Address): Uint8Array<ArrayBuffer> {
  const ports = [port >> 8 & 255, port & 255];
  const ipv4 = parseIpv4(hostname);
  if (ipv4) return new Uint8Array([AddressType.Ipv4, ...ipv4, ...ports]);
  const ipv6 = parseIpv6(hostname);
  if (ipv6) return new Uint8Array([AddressType.Ipv6, ...ipv6, ...ports]);
  const name = new TextEncoder().encode(hostname).subarray(0, 255);
  return new Uint8Array([AddressType.Name, name.length, ...name, ...ports]);
}

/** The four bytes of a dotted address, or undefined. */
export function parseIpv4(text: string): number[] | undefined {
  if (!/^(\d{1,3}\.){3}\d{1,3}$/.test(text)) return undefined;
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** The sixteen bytes of an IPv6 address (RFC 4291 section 2.2), or undefined. */
export function parseIpv6(text: string): number[] | undefined {
  if (!/^[0-9a-f:.]{2,45}$/i.test(text) || !text.includes(":")) return undefined;
  const plain = text.replace(/[\d.]+\.\d+$/, dottedTail);
  const [head = "", tail, ...more] = plain.split("::");
  if (more.length > 0) return undefined;
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...left, ...Array<string>(Math.max(0, missing)).fill("0"), ...right];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return all.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]);
}

function groups(text: string): string[] {
  return text === "" ? [] : text.split(":");
}

/** `1.2.3.4` as the last 32 bits of an IPv6 address. */
function dottedTail(text: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = parseIpv4(text) ?? [];
  return parseIpv4(text) ? `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}` : "x";
}

/** Sixteen bytes as RFC 5952 section 4 writes them: the longest run of zeros shortened. */
export function formatIpv6(bytes: Uint8Array): string {
  const all = Array.from({ length: 8 }, (_, index) => portAt(bytes, index * 2).toString(16));
  const text = all.join(":");
  const runs = [...text.matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)]
    .sort((a, b) => b[0].length - a[0].length);
  const [longest] = runs;
  if (!longest) return text;
  const before = text.slice(0, longest.index).replace(/:$/, "");
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, "");
  return `${before}::${after}`;
}
