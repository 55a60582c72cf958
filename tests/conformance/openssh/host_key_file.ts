import { strictEqual } from "node:assert/strict";

import { ed25519HostKey, type HostKey } from "@alknet/ssh";

const MAGIC = "openssh-key-v1\0";
const SEED_BYTES = 32;

/**
 * An Ed25519 host key from an OpenSSH private key without a passphrase (OpenSSH's PROTOCOL.key);
 * undefined for a key of another type.
 */
export function readHostKeyFile(text: string): HostKey | undefined {
  const body = text.replace(/-----[A-Z ]+-----/g, "").replace(/\s/g, "");
  const bytes = Uint8Array.fromBase64(body);
  const reader = new FieldReader(bytes.subarray(MAGIC.length));
  strictEqual(reader.text(), "none"); // its cipher
  reader.field(); // how the passphrase makes a key
  reader.field();
  reader.skip(4); // one key
  reader.field(); // its public half
  const secret = new FieldReader(reader.field());
  secret.skip(8); // twice the same number, to check a passphrase by
  if (secret.text() !== "ssh-ed25519") return undefined;
  secret.field();
  return ed25519HostKey(secret.field().slice(0, SEED_BYTES));
}

/** Strings behind their lengths (RFC 4251 section 5). */
class FieldReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  skip(count: number): void {
    this.#at += count;
  }

  field(): Uint8Array {
    const { buffer, byteOffset } = this.#bytes;
    const length = new DataView(buffer, byteOffset + this.#at).getUint32(0);
    const start = this.#at + 4;
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  text(): string {
    return new TextDecoder().decode(this.field());
  }
}
