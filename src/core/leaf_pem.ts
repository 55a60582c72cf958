import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { Leaf } from "./certificate.ts";
import { ListenError } from "./errors.ts";

/** A certificate chain and the private key of its leaf, both PEM. */
export interface PemPair {
  /** The chain, leaf first. */
  readonly cert: string;
  /** The key, not encrypted. */
  readonly key: string;
}

/**
 * Takes up a certificate that somebody else issued.
 *
 * @param pair Chain and key.
 * @returns The leaf, as listeners take it.
 * @throws {ListenError} When one of them cannot be read or they do not fit together.
 *
 * @example
 * ```ts
 * import { generateNodeKey, issueLeaf, leafFromPem } from "@alknet/core";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const leaf = await issueLeaf(await generateNodeKey());
 * deepStrictEqual((await leafFromPem(leaf)).sha256, leaf.sha256);
 * ```
 */
export async function leafFromPem({ cert, key }: PemPair): Promise<Leaf> {
  const x509 = parse(cert);
  if (!x509.checkPrivateKey(privateKeyOf(key))) {
    throw new ListenError("Cannot use the certificate: the private key belongs to another one");
  }
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(x509.raw));
  return { cert, key, sha256: new Uint8Array(digest), notAfter: new Date(x509.validTo) };
}

/**
 * Names and addresses that a certificate is valid for, lower case.
 *
 * @param leaf Any PEM chain.
 * @returns Its subject alternative names.
 * @throws {ListenError} When it cannot be read.
 *
 * @example
 * ```ts
 * import { generateNodeKey, issueLeaf, namesOfLeaf } from "@alknet/core";
 * import { ok } from "node:assert/strict";
 *
 * const leaf = await issueLeaf(await generateNodeKey(), { names: ["Node.example"] });
 * ok(namesOfLeaf(leaf).includes("node.example"));
 * ```
 */
export function namesOfLeaf({ cert }: Pick<PemPair, "cert">): string[] {
  const names = parse(cert).subjectAltName ?? "";
  return names.split(/,\s*/).filter(Boolean)
    .map((name) => name.replace(/^(DNS|IP Address):/, "").toLowerCase());
}

function privateKeyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new ListenError("Cannot read the private key: it is not PEM, or encrypted", {
      cause: error,
    });
  }
}

function parse(cert: string): X509Certificate {
  try {
    return new X509Certificate(cert);
  } catch (error) {
    throw new ListenError("Cannot read the certificate: it is not a PEM chain", { cause: error });
  }
}
