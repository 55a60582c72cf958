import { createCipheriv, createDecipheriv } from "node:crypto";

import { ByteReader, TlsFormatError } from "./byte_reader.ts";
import { concat, uint, vector } from "./byte_writer.ts";
import type { TrafficKeys } from "./key_schedule.ts";

/** Content types (RFC 8446 section 5.1). */
export const RecordType = { ChangeCipherSpec: 20, Alert: 21, Handshake: 22, Data: 23 } as const;

/** One record, as it is on the wire. */
export interface TlsRecord {
  readonly type: number;
  readonly header: Uint8Array<ArrayBuffer>;
  readonly body: Uint8Array<ArrayBuffer>;
}

const VERSION = uint(2, 0x0303);
const TAG_BYTES = 16;
/** Longest protected record (section 5.2). */
const MAX_BODY_BYTES = 16_384 + 256;

/** A record in the clear. */
export function plainRecord(type: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(uint(1, type), VERSION, vector(2, body));
}

/** The first record under these keys, AES-128-GCM (section 5.2). */
export function protectedRecord(
  { key, iv }: TrafficKeys,
  type: number,
  body: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const inner = concat(body, uint(1, type));
  const header = concat(uint(1, RecordType.Data), VERSION, uint(2, inner.length + TAG_BYTES));
  const cipher = createCipheriv("aes-128-gcm", key, iv);
  cipher.setAAD(header);
  const sealed = concat(cipher.update(inner), cipher.final());
  return concat(header, sealed, cipher.getAuthTag());
}

/**
 * Opens the first record under these keys.
 *
 * @returns Its content and type.
 * @throws {TlsFormatError} When it was not made with them.
 */
export function openRecord(
  { key, iv }: TrafficKeys,
  { header, body }: TlsRecord,
): { type: number; content: Uint8Array<ArrayBuffer> } {
  if (body.length <= TAG_BYTES) throw new TlsFormatError("Record is too short");
  const decipher = createDecipheriv("aes-128-gcm", key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(header);
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  try {
    const inner = concat(decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final());
    const end = inner.findLastIndex((octet) => octet !== 0);
    return { type: inner[end] ?? 0, content: inner.slice(0, Math.max(0, end)) };
  } catch (error) {
    throw new TlsFormatError("Record does not decrypt", { cause: error });
  }
}

/** Cuts records out of a stream of bytes, keeping no more than one. */
export async function* records(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<TlsRecord, void> {
  let held = new Uint8Array();
  for await (const chunk of bytes) {
    held = concat(held, chunk);
    for (let record = first(held); record; record = first(held)) {
      held = held.slice(record.header.length + record.body.length);
      yield record;
    }
  }
}

function first(bytes: Uint8Array<ArrayBuffer>): TlsRecord | undefined {
  if (bytes.length < 5) return undefined;
  const header = bytes.slice(0, 5);
  const reader = new ByteReader(header);
  const type = reader.uint(1);
  reader.take(2);
  const length = reader.uint(2);
  if (length > MAX_BODY_BYTES) throw new TlsFormatError("Record is too long");
  return bytes.length < 5 + length ? undefined : { type, header, body: bytes.slice(5, 5 + length) };
}
