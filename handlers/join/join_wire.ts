/**
 * Messages of the join protocol: two bytes of length, most significant first, and that much JSON
 * (docs/protocol/join.md). Decoders throw ProtocolError and nothing else, whatever the bytes.
 */
import { type Enrolled, type EnrolmentFault, ProtocolError } from "@alknet/core";

/** Bytes of the length field. */
export const LENGTH_BYTES = 2;
/** Most bytes of a message's JSON. */
export const MAX_MESSAGE_BYTES = 8_192;

const MAX_SECRET_BYTES = 255;
const MAX_ADDRESSES = 16;
const MAX_TEXT = 255;
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/i;
const FAULTS: readonly EnrolmentFault[] = ["unknown", "expired", "used", "name-taken", "key-taken"];

/** What the joining side says. */
export interface JoinRequest {
  /** The invitation's secret. */
  readonly secret: Uint8Array<ArrayBuffer>;
  /** The name it would like to have there. */
  readonly name?: string;
  /** Where it can be dialled. */
  readonly addresses: readonly string[];
}

/** What the node answers. */
export type JoinReply = Enrolled | { readonly fault: EnrolmentFault };

/** Writes a request with its length before it. */
export function encodeRequest({ secret, name, addresses }: JoinRequest): Uint8Array<ArrayBuffer> {
  return withLength({ secret: secret.toBase64(), name, addresses });
}

/** Writes a reply with its length before it. */
export function encodeReply(reply: JoinReply): Uint8Array<ArrayBuffer> {
  return withLength(reply);
}

/**
 * Reads a length field.
 *
 * @throws {ProtocolError} When no message is that long.
 */
export function decodeLength(bytes: Uint8Array): number {
  const [high = 0, low = 0] = bytes;
  const length = high << 8 | low;
  if (bytes.length !== LENGTH_BYTES || length === 0 || length > MAX_MESSAGE_BYTES) {
    throw new ProtocolError(`Cannot read a join message of ${length} bytes`);
  }
  return length;
}

/**
 * Reads a request.
 *
 * @throws {ProtocolError} For anything else.
 */
export function decodeRequest(json: Uint8Array): JoinRequest {
  const { secret, name, addresses } = parseObject(json);
  const bytes = typeof secret === "string" ? fromBase64(secret) : undefined;
  const named = name === undefined || (typeof name === "string" && NAME.test(name));
  if (!bytes || bytes.length > MAX_SECRET_BYTES || !named || !isTexts(addresses, MAX_ADDRESSES)) {
    throw new ProtocolError("Cannot read a join request: a member is missing or malformed");
  }
  return { secret: bytes, name: typeof name === "string" ? name : undefined, addresses };
}

/**
 * Reads a reply.
 *
 * @throws {ProtocolError} For anything else.
 */
export function decodeReply(json: Uint8Array): JoinReply {
  const { fault, peerId, scopes } = parseObject(json);
  const known = FAULTS.find((each) => each === fault);
  if (known) return { fault: known };
  if (typeof peerId === "string" && NAME.test(peerId) && isTexts(scopes, MAX_MESSAGE_BYTES)) {
    return { peerId, scopes };
  }
  throw new ProtocolError("Cannot read a join reply: a member is missing or malformed");
}

function withLength(message: unknown): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(message));
  if (json.length > MAX_MESSAGE_BYTES) {
    throw new RangeError(`Cannot write a join message of ${json.length} bytes`);
  }
  const out = new Uint8Array(LENGTH_BYTES + json.length);
  out.set([json.length >> 8, json.length & 0xff]);
  out.set(json, LENGTH_BYTES);
  return out;
}

function parseObject(json: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (error) {
    throw new ProtocolError("Cannot read a join message: it is not JSON", { cause: error });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return { ...value };
  }
  throw new ProtocolError("Cannot read a join message: it is not an object");
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return undefined; // the caller says what is malformed
  }
}

function isTexts(value: unknown, max: number): value is string[] {
  return Array.isArray(value) && value.length <= max &&
    value.every((each) =>
      typeof each === "string" && each.length <= MAX_TEXT && !each.includes("\0")
    );
}
