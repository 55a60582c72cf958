import { createHash } from "node:crypto";
import {
  type Address,
  decodeZbase32,
  encodeZbase32,
  formatNodeId,
  type NodeId,
  parseNodeId,
  Zbase32Error,
} from "@alknet/core";

/** How to reach and trust a node, in one word that can be pasted. */
export interface Ticket {
  /** The node's id. */
  readonly nodeId: NodeId;
  /** Where it may be reached, best first; at most 16. */
  readonly addresses: readonly Address[];
  /** A one-time secret for joining. Default: none. */
  readonly secret?: Uint8Array;
}

/** Thrown by {@linkcode decodeTicket} for text that is not a whole ticket. */
export class TicketError extends SyntaxError {
  /** The class's name. */
  override readonly name = "TicketError";
  /** Who has to act. */
  readonly blame = "user";
}

const PREFIX = "alk1";
const MAX_ADDRESSES = 16;
const MAX_CHARACTERS = 4_096;
const CHECK_BYTES = 4;
/** Names and addresses; nothing that could play tricks on a terminal or a file. */
const HOST = /^[\w.:%-]{1,253}$/;

/**
 * Writes a ticket: `alk1` and z-base-32 of node id, addresses, secret and a checksum
 * (docs/protocol/ticket.md).
 *
 * @param ticket What to write.
 * @returns One word of lower-case letters and digits.
 * @throws {TicketError} When there are more than 16 addresses or something is too long.
 *
 * @example
 * ```ts
 * import { decodeTicket, encodeTicket } from "@alknet/client";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const ticket = { nodeId: "y".repeat(52), addresses: [{ hostname: "::1", port: 4433 }] };
 * deepStrictEqual(decodeTicket(encodeTicket(ticket)), ticket);
 * ```
 */
export function encodeTicket(ticket: Ticket): string {
  const { addresses, secret = new Uint8Array(0) } = ticket;
  if (addresses.length > MAX_ADDRESSES || secret.length > 255) {
    throw new TicketError("Cannot write a ticket: at most 16 addresses and 255 bytes of secret");
  }
  const body = [
    ...parseNodeId(ticket.nodeId),
    addresses.length,
    ...addresses.flatMap(addressBytes),
    secret.length,
    ...secret,
  ];
  return PREFIX + encodeZbase32(new Uint8Array([...body, ...checksum(new Uint8Array(body))]));
}

/**
 * Reads a ticket.
 *
 * @param text What {@linkcode encodeTicket} wrote; white space around it is ignored.
 * @returns The ticket.
 * @throws {TicketError} For anything else, also when it was cut off or mistyped.
 *
 * @example
 * ```ts
 * import { decodeTicket, encodeTicket, TicketError } from "@alknet/client";
 * import { throws } from "node:assert/strict";
 *
 * const text = encodeTicket({ nodeId: "y".repeat(52), addresses: [] });
 * throws(() => decodeTicket(text.slice(0, -1)), TicketError);
 * ```
 */
export function decodeTicket(text: string): Ticket {
  const bytes = ticketBytes(text.trim());
  const body = bytes.subarray(0, -CHECK_BYTES);
  const check = bytes.subarray(-CHECK_BYTES);
  if (!checksum(body).every((byte, index) => byte === check[index])) {
    throw new TicketError("Cannot read the ticket: it is cut off or mistyped");
  }
  const cursor = { bytes: body, offset: 0 };
  const nodeId = formatNodeId(take(cursor, 32));
  const addresses = Array.from({ length: takeByte(cursor) }, () => takeAddress(cursor));
  const secret = take(cursor, takeByte(cursor));
  if (cursor.offset !== body.length || addresses.length > MAX_ADDRESSES) {
    throw new TicketError("Cannot read the ticket: it is of a newer kind");
  }
  return secret.length > 0 ? { nodeId, addresses, secret } : { nodeId, addresses };
}

/**
 * Whether a text means to be a ticket, whole or not.
 *
 * @param text Anything.
 * @returns Whether {@linkcode decodeTicket} is the one to say what is wrong with it.
 *
 * @example
 * ```ts
 * import { encodeTicket, looksLikeTicket } from "@alknet/client";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(looksLikeTicket(encodeTicket({ nodeId: "y".repeat(52), addresses: [] })), true);
 * strictEqual(looksLikeTicket("laptop"), false);
 * ```
 */
export function looksLikeTicket(text: string): boolean {
  return text.trim().startsWith(PREFIX) && text.length > 60 && !/[@:.]/.test(text);
}

interface Cursor {
  readonly bytes: Uint8Array<ArrayBuffer>;
  offset: number;
}

function ticketBytes(text: string): Uint8Array<ArrayBuffer> {
  if (!text.startsWith(PREFIX) || text.length > MAX_CHARACTERS) {
    throw new TicketError(`Cannot read the ticket: it does not begin with "${PREFIX}"`);
  }
  try {
    return decodeZbase32(text.slice(PREFIX.length));
  } catch (error) {
    if (!(error instanceof Zbase32Error)) throw error;
    throw new TicketError(`Cannot read the ticket: ${error.message}`, { cause: error });
  }
}

function addressBytes({ hostname, port }: Address): number[] {
  if (!HOST.test(hostname) || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new TicketError("Cannot write a ticket: an address is not a host name and a port");
  }
  const host = new TextEncoder().encode(hostname);
  return [host.length, ...host, port >> 8, port & 0xff];
}

function takeAddress(cursor: Cursor): Address {
  const hostname = new TextDecoder().decode(take(cursor, takeByte(cursor)));
  const port = takeByte(cursor) << 8 | takeByte(cursor);
  if (!HOST.test(hostname)) throw new TicketError("Cannot read the ticket: bad host name in it");
  return { hostname, port };
}

function takeByte(cursor: Cursor): number {
  return take(cursor, 1)[0] ?? 0;
}

function take(cursor: Cursor, length: number): Uint8Array<ArrayBuffer> {
  const part = cursor.bytes.slice(cursor.offset, cursor.offset + length);
  if (part.length !== length) throw new TicketError("Cannot read the ticket: it is cut off");
  cursor.offset += length;
  return part;
}

function checksum(body: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(body).digest()).subarray(0, CHECK_BYTES);
}
