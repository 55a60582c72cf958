import { isIP } from "node:net";
import {
  bitString,
  boolean,
  objectId,
  octetString,
  pem,
  sequence,
  setOf,
  time,
  tlv,
  unsignedInteger,
  utf8String,
} from "./der.ts";
import { ListenError } from "./errors.ts";
import { formatNodeId, type NodeKey } from "./node_id.ts";

/** The domain of names that stand for node keys; `.invalid` never resolves (RFC 6761 section 6.4). */
export const NODE_DOMAIN = "alknet.invalid";

/** Longest life of a leaf: browsers take certificates by hash up to 14 days (WebTransport, W3C). */
export const MAX_LEAF_DAYS = 13;

const DAY_MS = 86_400_000;
/** A host name as certificates hold them, `*.` in front allowed (RFC 5280 4.2.1.6, RFC 9525 6.3). */
const DNS_NAME =
  /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const ED25519 = sequence(objectId("1.3.101.112"));
/** Issuer of every leaf and subject of every anchor: clients match them byte for byte. */
const ISSUER = commonName("alknet");

/** A TLS certificate with its private key, as the listeners take it. */
export interface Leaf {
  /** The certificate chain, PEM. */
  readonly cert: string;
  /** The private key, PKCS #8 PEM. */
  readonly key: string;
  /** SHA-256 of the leaf's DER: what browsers call `serverCertificateHashes`. */
  readonly sha256: Uint8Array<ArrayBuffer>;
  /** End of validity. */
  readonly notAfter: Date;
}

/** What {@linkcode issueLeaf} can be told. */
export interface LeafOptions {
  /** DNS names and IP addresses besides the node's own name. Default: none. */
  readonly names?: readonly string[];
  /** Time of issue. Default: now. The leaf is valid from a day earlier, so clocks may be wrong. */
  readonly now?: Date;
  /** Days until it ends, with the day before `now` at most 13 in all. Default: 12. */
  readonly days?: number;
}

/**
 * The name under which a node key is dialled through TLS.
 *
 * @param publicKey The node's 32-byte key.
 * @returns `<z-base-32>.alknet.invalid`.
 *
 * @example
 * ```ts
 * import { nodeServerName } from "@alknet/core";
 * import { match } from "node:assert/strict";
 *
 * match(nodeServerName(new Uint8Array(32)), /^y{52}\.alknet\.invalid$/);
 * ```
 */
export function nodeServerName(publicKey: Uint8Array): string {
  return `${formatNodeId(publicKey)}.${NODE_DOMAIN}`;
}

/**
 * Issues a fresh P-256 leaf under the node key: one certificate for native clients (which trust
 * the key) and browsers (which trust the hash and want P-256 and at most 14 days).
 *
 * @param key The node key that signs.
 * @param options Names and times.
 * @returns Certificate and key.
 * @throws {RangeError} When the validity asked for is longer than 13 days.
 * @throws {ListenError} When a name is neither a host name nor an address.
 *
 * @example
 * ```ts
 * import { generateNodeKey, issueLeaf } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * const leaf = await issueLeaf(await generateNodeKey(), { names: ["node.example"] });
 * strictEqual(leaf.sha256.length, 32);
 * ```
 */
export async function issueLeaf(key: NodeKey, options: LeafOptions = {}): Promise<Leaf> {
  const { names = [], now = new Date(), days = MAX_LEAF_DAYS - 1 } = options;
  if (days + 1 > MAX_LEAF_DAYS) {
    throw new RangeError(`Cannot issue a leaf for ${days} days: at most ${MAX_LEAF_DAYS - 1}`);
  }
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ]);
  const notAfter = new Date(now.getTime() + days * DAY_MS);
  const der = await sign(key, {
    subject: commonName(formatNodeId(key.publicKey)),
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter,
    publicKeyInfo: new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey)),
    extensions: leafExtensions(key.publicKey, [nodeServerName(key.publicKey), ...names]),
  });
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return { cert: pem("CERTIFICATE", der), key: pem("PRIVATE KEY", pkcs8), sha256, notAfter };
}

/**
 * The trust anchor for one node key, made from the public key alone: TLS clients read nothing of
 * an anchor but its subject and its key, so the signature may stay zero (webpki; see ADR 0002).
 *
 * @param publicKey The 32-byte key of the node to be trusted.
 * @returns A PEM certificate for `caCerts` and the like.
 *
 * @example
 * ```ts
 * import { trustAnchor } from "@alknet/core";
 * import { match } from "node:assert/strict";
 *
 * match(trustAnchor(new Uint8Array(32)), /BEGIN CERTIFICATE/);
 * ```
 */
export function trustAnchor(publicKey: Uint8Array): string {
  return pem(
    "CERTIFICATE",
    sequence(anchorBody(publicKey), ED25519, bitString(new Uint8Array(64))),
  );
}

/**
 * The same anchor properly signed by its own key, for programs that check: curl, openssl, system
 * stores.
 *
 * @param key The node key.
 * @returns A PEM certificate.
 *
 * @example
 * ```ts
 * import { generateNodeKey, signedAnchor } from "@alknet/core";
 * import { match } from "node:assert/strict";
 *
 * match(await signedAnchor(await generateNodeKey()), /BEGIN CERTIFICATE/);
 * ```
 */
export async function signedAnchor(key: NodeKey): Promise<string> {
  const body = anchorBody(key.publicKey);
  return pem("CERTIFICATE", sequence(body, ED25519, bitString(await key.sign(body))));
}

interface Body {
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKeyInfo: Uint8Array;
  readonly extensions: readonly Uint8Array[];
}

async function sign(key: NodeKey, fields: Body): Promise<Uint8Array<ArrayBuffer>> {
  const body = tbsCertificate(fields, crypto.getRandomValues(new Uint8Array(16)));
  return sequence(body, ED25519, bitString(await key.sign(body)));
}

/** TBSCertificate, version 3 (RFC 5280 section 4.1). */
function tbsCertificate(fields: Body, serial: Uint8Array): Uint8Array<ArrayBuffer> {
  return sequence(
    tlv(0xa0, unsignedInteger(new Uint8Array([2]))),
    unsignedInteger(serial),
    ED25519,
    ISSUER,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    fields.subject,
    fields.publicKeyInfo,
    tlv(0xa3, sequence(...fields.extensions)),
  );
}

function anchorBody(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return tbsCertificate({
    subject: ISSUER,
    notBefore: new Date("2020-01-01T00:00:00Z"),
    notAfter: new Date("9999-12-31T23:59:59Z"),
    publicKeyInfo: sequence(ED25519, bitString(publicKey)),
    extensions: [
      extension("2.5.29.19", sequence(boolean(true)), true),
      extension("2.5.29.15", bitString(new Uint8Array([0x06]), 1), true),
      extension("2.5.29.14", octetString(keyIdentifier(publicKey))),
    ],
  }, new Uint8Array([1]));
}

/** Basic constraints, key usages, names, and by which key it was issued (RFC 5280 4.2.1). */
function leafExtensions(issuer: Uint8Array, names: readonly string[]): Uint8Array[] {
  return [
    extension("2.5.29.19", sequence(), true),
    extension("2.5.29.15", bitString(new Uint8Array([0x80]), 7), true),
    extension("2.5.29.37", sequence(objectId("1.3.6.1.5.5.7.3.1"))),
    extension("2.5.29.17", sequence(...names.map(generalName))),
    extension("2.5.29.35", sequence(tlv(0x80, keyIdentifier(issuer)))),
  ];
}

/** Any 20 octets that tell keys apart will do (RFC 5280 4.2.1.2); strict verifiers want some. */
function keyIdentifier(publicKey: Uint8Array): Uint8Array {
  return publicKey.subarray(0, 20);
}

function extension(oid: string, value: Uint8Array, critical = false): Uint8Array<ArrayBuffer> {
  const flag = critical ? [boolean(true)] : [];
  return sequence(objectId(oid), ...flag, octetString(value));
}

function generalName(name: string): Uint8Array<ArrayBuffer> {
  const version = isIP(name);
  if (version === 0 ? !DNS_NAME.test(name) : name.includes("%")) {
    throw new ListenError(`Cannot issue a certificate for "${name}": not a host name or address`);
  }
  return version === 0
    ? tlv(0x82, new TextEncoder().encode(name))
    : tlv(0x87, version === 4 ? new Uint8Array(name.split(".").map(Number)) : ipv6Octets(name));
}

function commonName(text: string): Uint8Array<ArrayBuffer> {
  return sequence(setOf(sequence(objectId("2.5.4.3"), utf8String(text))));
}

/** The 16 octets of an IPv6 address (RFC 4291 section 2.2). */
function ipv6Octets(text: string): Uint8Array {
  const host = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [head = "", tail] = host.split("::");
  const left = head.split(":").filter(Boolean);
  const right = (tail ?? "").split(":").filter(Boolean);
  const middle = Array<string>(8 - left.length - right.length).fill("0");
  const groups = [...left, ...middle, ...right].map((group) => parseInt(group, 16));
  return new Uint8Array(groups.flatMap((group) => [group >> 8, group & 0xff]));
}
