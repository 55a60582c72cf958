import { SshReader } from "../wire/ssh_reader.ts";
import { SshWriter } from "../wire/ssh_writer.ts";
import { readVerifyingKey, type VerifyingKey, withoutCertificate } from "./signatures.ts";
import type { UserKey } from "./user_key.ts";

/** What an OpenSSH certificate says (PROTOCOL.certkeys), nothing of it checked yet. */
export interface Certificate {
  /** The certificate authority's number for it. */
  readonly serial: bigint;
  /** 1 for users, 2 for hosts. */
  readonly type: number;
  /** The certificate authority's name for it. */
  readonly keyId: string;
  /** Whom it is for. */
  readonly principals: readonly string[];
  /** Begin of validity in seconds since 1970. */
  readonly validAfter: bigint;
  /** End of validity in seconds since 1970. */
  readonly validBefore: bigint;
  /** What must be understood, by name. */
  readonly criticalOptions: ReadonlyMap<string, string>;
  /** What it allows, by name. */
  readonly extensions: ReadonlySet<string>;
  /** Key of the certificate authority in its wire form. */
  readonly authority: Uint8Array;
  /** Whether the authority's signature is right. */
  readonly isSigned: boolean;
}

const MAX_PRINCIPALS = 256;
const MAX_OPTIONS = 64;

/** Reads a certificate whose type has been read. */
export function readCertificate(
  type: string,
  reader: SshReader,
  blob: Uint8Array,
): UserKey | undefined {
  reader.bytes(); // the nonce
  const start = reader.offset;
  const plainType = withoutCertificate(type);
  const key = readVerifyingKey(plainType, reader);
  if (!key) return undefined;
  const plain = new SshWriter().string(plainType).raw(blob.subarray(start, reader.offset)).finish();
  const fields = {
    serial: reader.uint64(),
    type: reader.uint32(),
    keyId: reader.text(),
    principals: readTexts(reader.bytes(), MAX_PRINCIPALS),
    validAfter: reader.uint64(),
    validBefore: reader.uint64(),
    criticalOptions: readOptions(reader.bytes()),
    extensions: new Set(readOptions(reader.bytes()).keys()),
  };
  reader.bytes(); // reserved
  const authority = reader.bytes();
  const signed = blob.subarray(0, reader.offset);
  const signature = reader.bytes();
  reader.end();
  const isSigned = isSignedByAuthority(authority, signed, signature);
  return { blob, plain, key, certificate: { ...fields, authority, isSigned } };
}

/** A certificate authority signs with any algorithm of its key; another certificate cannot sign. */
function isSignedByAuthority(
  authority: Uint8Array,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const reader = new SshReader(authority);
  const key: VerifyingKey | undefined = readVerifyingKey(reader.text(), reader);
  reader.end();
  const algorithm = new SshReader(signature).text();
  return key?.algorithms.includes(algorithm) === true && key.verify(signed, signature, algorithm);
}

function readTexts(bytes: Uint8Array, max: number): string[] {
  const reader = new SshReader(bytes);
  const texts: string[] = [];
  while (reader.left > 0 && texts.length < max) texts.push(reader.text());
  reader.end();
  return texts;
}

/** Names with data, which for every option that has some is a string within a string. */
function readOptions(bytes: Uint8Array): Map<string, string> {
  const reader = new SshReader(bytes);
  const options = new Map<string, string>();
  while (reader.left > 0 && options.size < MAX_OPTIONS) {
    const name = reader.text();
    const data = new SshReader(reader.bytes());
    options.set(name, data.left > 0 ? data.text() : "");
  }
  reader.end();
  return options;
}
