import { SshOptionError, SshProtocolError } from "../errors.ts";
import { sshFingerprint } from "../auth/user_key.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import type { RevokedCertificates, RevokedKeys } from "./revoked_keys.ts";

const MAGIC = "SSHKRL\n\0";
const FORMAT_VERSION = 1;

/** Sections of a list (PROTOCOL.krl section 1). */
const Section = { Certificates: 1, Keys: 2, Sha1: 3, Sha256: 5, Extension: 255 } as const;
/** Sections about the certificates of one authority (PROTOCOL.krl section 2). */
const Certificates = {
  SerialList: 0x20,
  SerialRange: 0x21,
  SerialBitmap: 0x22,
  KeyId: 0x23,
  Extension: 0x39,
} as const;

type SerialRange = [first: bigint, last: bigint];

/** Whether bytes are a key revocation list of OpenSSH, as `ssh-keygen -k` makes them. */
export function isKrl(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(0, MAGIC.length)) === MAGIC;
}

/**
 * Reads a key revocation list (OpenSSH's PROTOCOL.krl). Its number and time are not looked at.
 *
 * @throws {SshOptionError} For a malformed one, one that is signed, and one with critical
 * extensions: a list that is understood only in part must not be used.
 */
export function readKrl(bytes: Uint8Array): RevokedKeys {
  try {
    return readList(new SshReader(bytes, MAGIC.length));
  } catch (cause) {
    if (!(cause instanceof SshProtocolError)) throw cause;
    throw new SshOptionError(`Cannot read the key revocation list: ${cause.message}`, { cause });
  }
}

function readList(reader: SshReader): RevokedKeys {
  if (reader.uint32() !== FORMAT_VERSION) throw new SshProtocolError("Version is not known");
  for (let field = 0; field < 3; field++) reader.uint64(); // its number, time and flags
  reader.bytes(); // reserved
  reader.bytes(); // a comment
  const prints = new Set<string>();
  const sha1 = new Set<string>();
  const certificates: RevokedCertificates[] = [];
  while (reader.left > 0) {
    const type = reader.byte();
    const section = new SshReader(reader.bytes());
    if (type === Section.Certificates) certificates.push(readCertificates(section));
    else if (type === Section.Keys) each(section, (key) => prints.add(sshFingerprint(key)));
    else if (type === Section.Sha1) each(section, (hash) => sha1.add(hash.toHex()));
    else if (type === Section.Sha256) each(section, (hash) => prints.add(printOf(hash)));
    else if (type === Section.Extension) skipExtension(section);
    else throw new SshProtocolError(`Section ${type} is not taken`);
  }
  return { prints, sha1, certificates };
}

function readCertificates(reader: SshReader): RevokedCertificates {
  const authority = reader.bytes();
  reader.bytes(); // reserved
  const serials: SerialRange[] = [];
  const keyIds = new Set<string>();
  while (reader.left > 0) {
    const type = reader.byte();
    const section = new SshReader(reader.bytes());
    if (type === Certificates.KeyId) { while (section.left > 0) keyIds.add(section.text()); }
    else if (type === Certificates.Extension) skipExtension(section);
    else for (const range of serialsIn(type, section)) serials.push(range);
  }
  return { authority: authority.length > 0 ? authority.slice() : undefined, serials, keyIds };
}

function* serialsIn(type: number, section: SshReader): Generator<SerialRange> {
  if (type === Certificates.SerialList) yield* serialList(section);
  else if (type === Certificates.SerialRange) yield [section.uint64(), section.uint64()];
  else if (type === Certificates.SerialBitmap) yield* serialBitmap(section);
  else throw new SshProtocolError(`Section ${type} of certificates is not taken`);
}

function* serialList(reader: SshReader): Generator<SerialRange> {
  while (reader.left > 0) {
    const serial = reader.uint64();
    yield [serial, serial];
  }
}

/** Bit N of a number, its lowest being 0, stands for the serial number N above the first. */
function* serialBitmap(reader: SshReader): Generator<SerialRange> {
  const offset = reader.uint64();
  const bits = reader.bytes().toReversed();
  let first: number | undefined;
  for (let bit = 0; bit <= bits.length * 8; bit++) {
    const isSet = ((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
    if (isSet) first ??= bit;
    else if (first !== undefined) {
      yield [offset + BigInt(first), offset + BigInt(bit - 1)];
      first = undefined;
    }
  }
}

function each(reader: SshReader, take: (bytes: Uint8Array) => void): void {
  while (reader.left > 0) take(reader.bytes());
}

function skipExtension(reader: SshReader): void {
  const name = reader.text();
  if (reader.boolean()) throw new SshProtocolError(`Extension "${name}" is not known`);
}

function printOf(hash: Uint8Array): string {
  return `SHA256:${hash.toBase64({ omitPadding: true })}`;
}
