import { TlsFormatError } from "./byte_reader.ts";
import type { ClientHello } from "./client_hello.ts";

/** The server's half of a key exchange, and what came of it. */
export interface KeyExchange {
  readonly group: number;
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly shared: Uint8Array<ArrayBuffer>;
}

/** Groups of RFC 8446 section 4.2.7, most wanted first. */
const GROUPS = [
  [0x001d, { name: "X25519" }],
  [0x0017, { name: "ECDH", namedCurve: "P-256" }],
] as const;

/**
 * Exchanges keys with one of the shares that the client sent.
 *
 * @throws {TlsFormatError} When there is none of these groups, or the key is no point of its curve.
 */
export async function exchangeKeys({ keyShares }: ClientHello): Promise<KeyExchange> {
  for (const [group, algorithm] of GROUPS) {
    const theirs = keyShares.get(group);
    if (theirs) return { group, ...await exchange(theirs, algorithm) };
  }
  throw new TlsFormatError("Client sent no X25519 and no P-256 key");
}

async function exchange(
  theirs: Uint8Array<ArrayBuffer>,
  algorithm: typeof GROUPS[number][1],
): Promise<Omit<KeyExchange, "group">> {
  try {
    const peer = await crypto.subtle.importKey("raw", theirs, algorithm, false, []);
    const own = await crypto.subtle.generateKey(algorithm, false, ["deriveBits"]) as CryptoKeyPair;
    const { name } = algorithm;
    const shared = await crypto.subtle.deriveBits({ name, public: peer }, own.privateKey, 256);
    const publicKey = await crypto.subtle.exportKey("raw", own.publicKey);
    return { publicKey: new Uint8Array(publicKey), shared: new Uint8Array(shared) };
  } catch (error) {
    throw new TlsFormatError("Client sent a key that is none", { cause: error });
  }
}
