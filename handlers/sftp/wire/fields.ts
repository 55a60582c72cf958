import { type FileAttributes, readAttributes, writeAttributes } from "./attributes.ts";
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { WireError } from "./wire_error.ts";

/** One file of a directory, or one answered path. */
export interface NameEntry {
  /** The name; a path where a path was asked for. */
  readonly name: string;
  /** The line `ls -l` would print. */
  readonly longname: string;
  /** What is known of it. */
  readonly attrs: FileAttributes;
}

/** Name and version of an extension. */
export interface Extension {
  /** Such as `posix-rename@openssh.com`. */
  readonly name: string;
  /** Its version, as a text. */
  readonly data: string;
}

/** What a field of each type holds. */
export interface FieldTypes {
  /** A whole number of 4 bytes. */
  u32: number;
  /** A whole number of 8 bytes, below 2^53. */
  u64: number;
  /** A name or text as `decodeName()` makes it. */
  name: string;
  /** Bytes with their length in front. */
  bytes: Uint8Array;
  /** ATTRS. */
  attrs: FileAttributes;
  /** Names with their number in front. */
  entries: readonly NameEntry[];
  /** Pairs of texts up to the end. */
  extensions: readonly Extension[];
  /** Whatever is left. */
  rest: Uint8Array;
}

/** Names of the fields of a packet and their types, in the order of the wire. */
export type Shape = Readonly<Record<string, keyof FieldTypes>>;

/** The values of a packet of some shape. */
export type FieldsOf<S extends Shape> = { readonly [F in keyof S]: FieldTypes[S[F]] };

/** Smallest size of an entry: two empty strings and the flags of empty attributes. */
const ENTRY_BYTES = 12;

interface FieldCodec<T> {
  read(reader: ByteReader): T;
  write(writer: ByteWriter, value: T): void;
}

const CODECS: { readonly [T in keyof FieldTypes]: FieldCodec<FieldTypes[T]> } = {
  u32: { read: (reader) => reader.u32(), write: (writer, value) => writer.u32(value) },
  u64: { read: (reader) => reader.u64(), write: (writer, value) => writer.u64(value) },
  name: { read: (reader) => reader.name(), write: (writer, value) => writer.name(value) },
  bytes: { read: (reader) => reader.bytes(), write: (writer, value) => writer.bytes(value) },
  attrs: { read: readAttributes, write: writeAttributes },
  entries: { read: readEntries, write: writeEntries },
  extensions: { read: readExtensions, write: writeExtensions },
  rest: { read: (reader) => reader.rest(), write: (writer, value) => writer.rest(value) },
};

/** Reads fields; the reader stands behind them then. */
export function readFields(reader: ByteReader, shape: Shape): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(shape)) fields[name] = CODECS[type].read(reader);
  return fields;
}

/** Writes fields that are known to have the shape. */
export function writeFields<S extends Shape>(
  writer: ByteWriter,
  shape: S,
  fields: FieldsOf<S>,
): void {
  for (const [name, type] of Object.entries(shape)) {
    writeField(writer, type, fields[name] as FieldTypes[keyof FieldTypes]);
  }
}

function writeField<T extends keyof FieldTypes>(
  writer: ByteWriter,
  type: T,
  value: FieldTypes[T],
): void {
  const codec: FieldCodec<FieldTypes[T]> = CODECS[type];
  codec.write(writer, value);
}

function readEntries(reader: ByteReader): NameEntry[] {
  const count = reader.u32();
  if (count * ENTRY_BYTES > reader.left) throw new WireError(`${count} names do not fit a packet`);
  return Array.from({ length: count }, () => ({
    name: reader.name(),
    longname: reader.name(),
    attrs: readAttributes(reader),
  }));
}

function writeEntries(writer: ByteWriter, entries: readonly NameEntry[]): void {
  writer.u32(entries.length);
  for (const { name, longname, attrs } of entries) {
    writer.name(name).name(longname);
    writeAttributes(writer, attrs);
  }
}

function readExtensions(reader: ByteReader): Extension[] {
  const found: Extension[] = [];
  while (reader.left > 0) found.push({ name: reader.name(), data: reader.name() });
  return found;
}

function writeExtensions(writer: ByteWriter, extensions: readonly Extension[]): void {
  for (const { name, data } of extensions) writer.name(name).name(data);
}
