import { createHash } from "node:crypto";

import { sshFingerprint } from "../auth/user_key.ts";
import { SshOptionError } from "../errors.ts";

/** A key that somebody shows, as far as it can be revoked. */
export interface ShownKey {
  /** What was shown: the key or a certificate in its wire form. */
  readonly blob: Uint8Array;
  /** The key alone. */
  readonly plain: Uint8Array;
  /** What a certificate says of itself. */
  readonly certificate?: {
    readonly serial: bigint;
    readonly keyId: string;
    /** Key of its authority in wire form. */
    readonly authority: Uint8Array;
  };
}

/** Says of keys that they are not taken any more, whoever they are listed for. */
export interface Revocations {
  /** Whether a key, the one in a certificate, the certificate or its authority is revoked. */
  covers(key: ShownKey): boolean;
}

/** Certificates of one authority, or of any. */
export interface RevokedCertificates {
  /** Key of the authority in its wire form. Default: any authority. */
  readonly authority?: Uint8Array;
  /** First and last serial numbers. */
  readonly serials: readonly (readonly [first: bigint, last: bigint])[];
  /** Key ids. */
  readonly keyIds: ReadonlySet<string>;
}

/** What a list of revocations holds, whatever its form. */
export interface RevokedKeys {
  /** Fingerprints of keys, certificates and authorities, as `ssh-keygen -l` writes them. */
  readonly prints: ReadonlySet<string>;
  /** Hashes of keys by SHA-1, in hexadecimal: lists of OpenSSH may have them. */
  readonly sha1: ReadonlySet<string>;
  /** Certificates. */
  readonly certificates: readonly RevokedCertificates[];
}

const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;
const PUBLIC_KEY = /^[a-z0-9@.-]+ ([A-Za-z0-9+/]+={0,2})(?:\s|$)/;
const SERIALS = /^(\d{1,20})(?:-(\d{1,20}))?$/;
const MAX_SERIAL = 2n ** 64n - 1n;

/** A list of revocations that does not change. */
export class RevocationList implements Revocations {
  readonly #revoked: RevokedKeys;

  /** Takes what is revoked. */
  constructor(revoked: RevokedKeys) {
    this.#revoked = revoked;
  }

  /**
   * Reads entries, in the words of `ssh-keygen -k` (its section "Key revocation lists"):
   * `SHA256:…`, a public key or certificate, `serial: 5-9`, `id: …`; also with `hash:` and `key:`
   * in front.
   *
   * @throws {SshOptionError} For any other entry.
   *
   * @example
   * ```ts
   * import { RevocationList, SshOptionError } from "@alknet/ssh";
   * import { throws } from "node:assert/strict";
   *
   * RevocationList.of(["serial: 1-99", "id: alice's old laptop"]);
   * throws(() => RevocationList.of(["alice"]), SshOptionError);
   * ```
   */
  static of(entries: Iterable<string>): RevocationList {
    const prints = new Set<string>();
    const serials: [bigint, bigint][] = [];
    const keyIds = new Set<string>();
    for (const entry of entries) {
      const [, word, value = ""] = /^(?:(hash|key|serial|id):\s*)?(.*)$/s.exec(entry.trim()) ?? [];
      if (word === "serial") serials.push(serialsOf(value));
      else if (word === "id" && value) keyIds.add(value);
      else prints.add(printOf(value));
    }
    return new RevocationList({ prints, sha1: new Set(), certificates: [{ serials, keyIds }] });
  }

  /** Reads the lines of a text: entries, empty lines, and comments that begin with `#`. */
  static parse(text: string): RevocationList {
    const lines = text.split("\n").map((line) => line.trim());
    return RevocationList.of(lines.filter((line) => line !== "" && !line.startsWith("#")));
  }

  /** See {@linkcode Revocations}. */
  covers({ blob, plain, certificate }: ShownKey): boolean {
    const { prints, sha1, certificates } = this.#revoked;
    const blobs = [plain, ...certificate ? [blob, certificate.authority] : []];
    if (blobs.some((each) => prints.has(sshFingerprint(each)))) return true;
    if (sha1.size > 0 && blobs.some((each) => sha1.has(sha1Of(each)))) return true;
    if (!certificate) return false;
    const { authority, serial, keyId } = certificate;
    return certificates.some((each) =>
      (each.authority === undefined || isSame(each.authority, authority)) &&
      (each.keyIds.has(keyId) || hasSerial(each, serial))
    );
  }
}

/** PROTOCOL.krl: zero is what authorities write that do not number their certificates. */
function hasSerial({ serials }: RevokedCertificates, serial: bigint): boolean {
  return serial !== 0n && serials.some(([first, last]) => serial >= first && serial <= last);
}

function serialsOf(value: string): [bigint, bigint] {
  const [, first = "", last = first] = SERIALS.exec(value) ?? [];
  const range: [bigint, bigint] = [BigInt(first), BigInt(last)];
  if (first === "" || range[0] > range[1] || range[1] > MAX_SERIAL) throw unreadable(value);
  return range;
}

function printOf(value: string): string {
  if (FINGERPRINT.test(value)) return value;
  const [, base64 = ""] = PUBLIC_KEY.exec(value) ?? [];
  if (base64 === "") throw unreadable(value);
  try {
    return sshFingerprint(Uint8Array.fromBase64(base64));
  } catch (error) {
    if (error instanceof SyntaxError) throw unreadable(value);
    throw error;
  }
}

function unreadable(value: string): SshOptionError {
  const forms = '"SHA256:…", a public key, "serial: 5-9" or "id: …"';
  return new SshOptionError(`Cannot read revocation "${value.slice(0, 80)}": write ${forms}`);
}

function sha1Of(blob: Uint8Array): string {
  return createHash("sha1").update(blob).digest("hex");
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
