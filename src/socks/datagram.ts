import type { Address } from "@alknet/core";

import { addressBytes, parseAddressBytes } from "./address_bytes.ts";
import { ProxyProtocolError } from "./errors.ts";

/** A datagram with where it goes to, or comes from. */
export interface SocksDatagram {
  /** The far end. */
  readonly address: Address;
  /** What it holds. */
  readonly payload: Uint8Array;
}

/** Two reserved bytes and the number of the fragment. */
const HEADER_BYTES = 3;

/**
 * Reads a datagram with its header (RFC 1928 section 7).
 *
 * @returns Undefined for a fragment: they are dropped, as the RFC lets who does not support them.
 * @throws {ProxyProtocolError} For anything that is none.
 */
export function decodeSocksDatagram(bytes: Uint8Array): SocksDatagram | undefined {
  const [reservedA, reservedB, fragment] = bytes;
  if (reservedA !== 0 || reservedB !== 0) throw new ProxyProtocolError("Not a SOCKS datagram");
  if (fragment !== 0) return undefined;
  const address = parseAddressBytes(bytes.subarray(HEADER_BYTES));
  if (!address) throw new ProxyProtocolError("SOCKS datagram ends within its header");
  return { address: address.value, payload: bytes.subarray(HEADER_BYTES + address.used) };
}

/**
 * Writes a datagram with its header.
 *
 * @example
 * ```ts
 * import { decodeSocksDatagram, encodeSocksDatagram } from "@alknet/socks";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const datagram = {
 *   address: { hostname: "2001:db8::1", port: 53 },
 *   payload: new Uint8Array([1, 2]),
 * };
 * deepStrictEqual(decodeSocksDatagram(encodeSocksDatagram(datagram)), datagram);
 * ```
 */
export function encodeSocksDatagram(
  { address, payload }: SocksDatagram,
): Uint8Array<ArrayBuffer> {
  const head = addressBytes(address);
  const bytes = new Uint8Array(HEADER_BYTES + head.length + payload.length);
  bytes.set(head, HEADER_BYTES);
  bytes.set(payload, HEADER_BYTES + head.length);
  return bytes;
}
