import { ByteReader } from "./byte_reader.ts";
import { ByteWriter, LENGTH_BYTES } from "./byte_writer.ts";
import { type Extension, type FieldsOf, readFields, type Shape, writeFields } from "./fields.ts";
import { VERSION } from "./codes.ts";
import { WireError } from "./wire_error.ts";

/** Replies of draft-ietf-secsh-filexfer-02: type on the wire, and fields. */
export const REPLIES = {
  status: { code: 101, shape: { status: "u32", message: "name", language: "name" } },
  handle: { code: 102, shape: { handle: "bytes" } },
  data: { code: 103, shape: { data: "bytes" } },
  name: { code: 104, shape: { entries: "entries" } },
  attrs: { code: 105, shape: { attrs: "attrs" } },
  extended: { code: 201, shape: { payload: "rest" } },
} as const satisfies Record<string, { code: number; shape: Shape }>;

/** Every reply but VERSION, by its kind. */
export type SftpReply = {
  [K in keyof typeof REPLIES]:
    & { readonly kind: K; readonly id: number }
    & FieldsOf<
      typeof REPLIES[K]["shape"]
    >;
}[keyof typeof REPLIES];

/** A reply of one kind. */
export type ReplyOf<K extends SftpReply["kind"]> = Extract<SftpReply, { readonly kind: K }>;

/** First packet of each side. */
export interface Hello {
  /** The highest version the side speaks. */
  readonly version: number;
  /** What it knows beyond that. */
  readonly extensions: readonly Extension[];
}

const TYPE_INIT = 1;
const TYPE_VERSION = 2;
/** Length of the packet, type, id and length of the data before the data of a DATA reply. */
export const DATA_HEADER_BYTES: number = LENGTH_BYTES + 1 + 4 + 4;
const BY_CODE: ReadonlyMap<number, { readonly kind: string; readonly shape: Shape }> = new Map(
  Object.entries(REPLIES).map(([kind, { code, shape }]) => [code, { kind, shape }]),
);

/**
 * Reads a reply.
 *
 * @param packet A whole packet without its length. Fields of bytes are views of it.
 * @throws {WireError} When it is none.
 */
export function decodeReply(packet: Uint8Array): SftpReply {
  const reader = new ByteReader(packet);
  const code = reader.u8();
  const id = reader.u32();
  const found = BY_CODE.get(code);
  if (!found) throw new WireError(`Unknown type of reply: ${code}`);
  if (found.kind === "status" && reader.left === 4) {
    return { kind: "status", id, status: reader.u32(), message: "", language: "" }; // version 2 form
  }
  const fields = readFields(reader, found.shape);
  reader.end();
  return { kind: found.kind, id, ...fields } as SftpReply;
}

/** Writes a reply; the packet with its length in front. */
export function encodeReply(reply: SftpReply): Uint8Array<ArrayBuffer> {
  const { code, shape } = REPLIES[reply.kind];
  const writer = new ByteWriter().u8(code).u32(reply.id);
  writeFields(writer, shape as Shape, reply as unknown as FieldsOf<Shape>);
  return writer.packet();
}

/** A DATA reply that is filled in place, so that what is read is copied nowhere. */
export class DataReply {
  readonly #packet: Uint8Array<ArrayBuffer>;

  /** Uses `room` for the packet, of which only what is filled in is sent. */
  constructor(id: number, room: Uint8Array<ArrayBuffer>) {
    this.#packet = room;
    const view = this.#view();
    view.setUint8(LENGTH_BYTES, REPLIES.data.code);
    view.setUint32(LENGTH_BYTES + 1, id);
  }

  /** Where the data goes. */
  get room(): Uint8Array<ArrayBuffer> {
    return this.#packet.subarray(DATA_HEADER_BYTES);
  }

  /** The packet, once so many bytes are filled in. */
  packet(count: number): Uint8Array<ArrayBuffer> {
    const view = this.#view();
    view.setUint32(0, DATA_HEADER_BYTES - LENGTH_BYTES + count);
    view.setUint32(DATA_HEADER_BYTES - 4, count);
    return this.#packet.subarray(0, DATA_HEADER_BYTES + count);
  }

  #view(): DataView {
    return new DataView(this.#packet.buffer, this.#packet.byteOffset);
  }
}

/** Writes INIT, by which a client begins. */
export function encodeInit(): Uint8Array<ArrayBuffer> {
  return new ByteWriter().u8(TYPE_INIT).u32(VERSION).packet();
}

/** Writes VERSION, by which a server answers. */
export function encodeVersion(extensions: readonly Extension[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(1024).u8(TYPE_VERSION);
  writeFields(writer, HELLO, { version: VERSION, extensions });
  return writer.packet();
}

/** Reads INIT. @throws {WireError} When it is something else, or of a version below 3. */
export function decodeInit(packet: Uint8Array): Hello {
  return decodeHello(packet, TYPE_INIT);
}

/** Reads VERSION. @throws {WireError} When it is something else, or of a version below 3. */
export function decodeVersion(packet: Uint8Array): Hello {
  return decodeHello(packet, TYPE_VERSION);
}

const HELLO = { version: "u32", extensions: "extensions" } as const;

function decodeHello(packet: Uint8Array, type: number): Hello {
  const reader = new ByteReader(packet);
  if (reader.u8() !== type) throw new WireError("First packet does not say a version");
  const hello = readFields(reader, HELLO) as unknown as Hello;
  reader.end();
  if (hello.version < VERSION) {
    throw new WireError(`Version ${hello.version}: at least 3 is needed`);
  }
  return hello;
}
