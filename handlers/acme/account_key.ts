import { AcmeOptionsError } from "./errors.ts";

const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;
const encoder = new TextEncoder();

/** A flattened JSON Web Signature, as each ACME request carries one (RFC 8555 section 6.2). */
export interface Jws {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

/** The public half of an account key, its members in the order that RFC 7638 wants. */
export interface PublicJwk {
  readonly crv: "P-256";
  readonly kty: "EC";
  readonly x: string;
  readonly y: string;
}

/** The key of an account at an ACME server: P-256, signing as ES256 (RFC 7518 section 3.4). */
export class AccountKey {
  readonly #pair: CryptoKeyPair;
  /** The public half, as requests carry it before there is an account. */
  readonly jwk: PublicJwk;
  /** The key's JWK thumbprint (RFC 7638): the second half of each key authorization. */
  readonly thumbprint: string;

  private constructor(pair: CryptoKeyPair, jwk: PublicJwk, thumbprint: string) {
    this.#pair = pair;
    this.jwk = jwk;
    this.thumbprint = thumbprint;
  }

  /** Makes a fresh key. */
  static async generate(): Promise<AccountKey> {
    return await AccountKey.#of(await crypto.subtle.generateKey(P256, true, ["sign", "verify"]));
  }

  /**
   * Takes up a key that {@linkcode AccountKey.export} wrote.
   *
   * @throws {AcmeOptionsError} When it is none.
   */
  static async import(pkcs8: Uint8Array<ArrayBuffer>): Promise<AccountKey> {
    try {
      const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, P256, true, ["sign"]);
      const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", privateKey);
      const jwk = { kty, crv, x, y };
      const publicKey = await crypto.subtle.importKey("jwk", jwk, P256, true, ["verify"]);
      return await AccountKey.#of({ privateKey, publicKey });
    } catch (error) {
      throw new AcmeOptionsError("Cannot read the account key: it is no P-256 key in PKCS #8", {
        cause: error,
      });
    }
  }

  /** The private key, PKCS #8. */
  async export(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await crypto.subtle.exportKey("pkcs8", this.#pair.privateKey));
  }

  /**
   * Signs a request.
   *
   * @param header The protected header but `alg`: `nonce`, `url`, and `jwk` or `kid`.
   * @param payload The body, or undefined for POST-as-GET (RFC 8555 section 6.3).
   */
  async sign(header: Readonly<Record<string, unknown>>, payload: unknown): Promise<Jws> {
    const head = base64url(encoder.encode(JSON.stringify({ alg: "ES256", ...header })));
    const body = payload === undefined ? "" : base64url(encoder.encode(JSON.stringify(payload)));
    const input = encoder.encode(`${head}.${body}`);
    const signature = await crypto.subtle.sign(SIGNATURE, this.#pair.privateKey, input);
    return { protected: head, payload: body, signature: base64url(new Uint8Array(signature)) };
  }

  static async #of(pair: CryptoKeyPair): Promise<AccountKey> {
    const { x = "", y = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const jwk: PublicJwk = { crv: "P-256", kty: "EC", x, y };
    const digest = await crypto.subtle.digest("SHA-256", encoder.encode(JSON.stringify(jwk)));
    return new AccountKey(pair, jwk, base64url(new Uint8Array(digest)));
  }
}

/** Base 64 for URLs, without padding (RFC 7515 section 2). */
export function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
