import { base64url, type Jws, type PublicJwk } from "./account_key.ts";

/** An account at the certificate authority to which the one of ACME is bound. */
export interface ExternalAccount {
  /** The key id that the authority gave. */
  readonly keyId: string;
  /** The MAC key that it gave, decoded. */
  readonly macKey: Uint8Array<ArrayBuffer>;
}

const HMAC = { name: "HMAC", hash: "SHA-256" } as const;

/** Proves the holder of the account key to hold the external account too (RFC 8555 7.3.4). */
export async function externalAccountBinding(
  { keyId, macKey }: ExternalAccount,
  url: string,
  jwk: PublicJwk,
): Promise<Jws> {
  const encoder = new TextEncoder();
  const encode = (json: unknown): string => base64url(encoder.encode(JSON.stringify(json)));
  const head = encode({ alg: "HS256", kid: keyId, url });
  const payload = encode(jwk);
  const key = await crypto.subtle.importKey("raw", macKey, HMAC, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(`${head}.${payload}`));
  return { protected: head, payload, signature: base64url(new Uint8Array(mac)) };
}
