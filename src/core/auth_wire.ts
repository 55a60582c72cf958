/**
 * The messages by which a client proves its key, as bytes (docs/protocol/auth.md).
 *
 * ```text
 * client                                   server
 *    │ ◄── hello: magic, mode, nonce ────────│  at once, with the server's first flight on QUIC
 *    │ ─── reply: anonymous, or proof ─────► │  application data may follow without waiting
 * ```
 */
import { ProtocolError } from "./errors.ts";

/** Bytes of a hello, always. */
export const HELLO_BYTES = 47;
/** Most bytes of a reply after its two length bytes. */
export const MAX_REPLY_BYTES = 354;
/** Bytes of the server's random challenge. */
export const NONCE_BYTES = 32;

const MAGIC = new TextEncoder().encode("alknet-auth/1\0");
const DOMAIN = new TextEncoder().encode("alknet-auth/1 client proof\0");

/** The first message, from the server. */
export interface Hello {
  /** Whether a client without a key is turned away. */
  readonly proofRequired: boolean;
  /** 32 fresh random bytes. */
  readonly nonce: Uint8Array;
}

/** By what the client knew the server when TLS let it through. */
export type Binding = "node-id" | "server-name" | "leaf-hash";

/** The server as the client verified it: what ties a proof to one server. */
export interface ServerBinding {
  /** How the client knew it. */
  readonly kind: Binding;
  /** 32-byte node id, lower-case ASCII server name, or SHA-256 of the leaf certificate. */
  readonly value: Uint8Array;
}

/** A client's proof of its key. */
export interface Proof {
  readonly server: ServerBinding;
  /** The client's 32-byte node id. */
  readonly clientId: Uint8Array<ArrayBuffer>;
  /** Ed25519 over {@linkcode transcript}. */
  readonly signature: Uint8Array<ArrayBuffer>;
}

const BINDINGS: readonly Binding[] = ["node-id", "server-name", "leaf-hash"];

/** Writes a hello. */
export function encodeHello(hello: Hello): Uint8Array<ArrayBuffer> {
  return concat(MAGIC, [hello.proofRequired ? 1 : 0], hello.nonce);
}

/**
 * Reads a hello.
 *
 * @throws {ProtocolError} For anything but a hello of this version.
 */
export function decodeHello(bytes: Uint8Array): Hello {
  const mode = bytes[MAGIC.length];
  const known = MAGIC.every((byte, index) => bytes[index] === byte);
  if (bytes.length !== HELLO_BYTES || !known || (mode !== 0 && mode !== 1)) {
    throw new ProtocolError("Cannot authenticate: peer does not speak alknet-auth/1 on this ALPN");
  }
  return { proofRequired: mode === 1, nonce: bytes.slice(MAGIC.length + 1) };
}

/** Writes a reply with its length before it; no proof means anonymous. */
export function encodeReply(proof?: Proof): Uint8Array<ArrayBuffer> {
  const body = proof
    ? concat(
      [1, BINDINGS.indexOf(proof.server.kind), proof.server.value.length],
      proof.server.value,
      proof.clientId,
      proof.signature,
    )
    : new Uint8Array([0]);
  return concat([body.length >> 8, body.length & 0xff], body);
}

/**
 * Reads the two length bytes of a reply.
 *
 * @throws {ProtocolError} When no reply is that long.
 */
export function decodeReplyLength(bytes: Uint8Array): number {
  const length = (bytes[0] ?? 0) << 8 | (bytes[1] ?? 0);
  if (bytes.length !== 2 || length < 1 || length > MAX_REPLY_BYTES) {
    throw new ProtocolError(`Cannot authenticate: reply of ${length} bytes`);
  }
  return length;
}

/**
 * Reads a reply without its length bytes.
 *
 * @returns The proof, or undefined for an anonymous client.
 * @throws {ProtocolError} For anything else.
 */
export function decodeReply(bytes: Uint8Array): Proof | undefined {
  if (bytes.length === 1 && bytes[0] === 0) return undefined;
  const kind = BINDINGS[bytes[1] ?? 255];
  const end = 3 + (bytes[2] ?? 0);
  if (bytes[0] !== 1 || !kind || bytes.length !== end + 32 + 64) {
    throw new ProtocolError("Cannot authenticate: malformed reply");
  }
  return {
    server: { kind, value: bytes.slice(3, end) },
    clientId: bytes.slice(end, end + 32),
    signature: bytes.slice(end + 32),
  };
}

/** What the client signs: everything that makes a proof useless anywhere else. */
export function transcript(
  alpn: string,
  server: ServerBinding,
  nonce: Uint8Array,
  clientId: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(alpn);
  const kind = BINDINGS.indexOf(server.kind);
  return concat(
    DOMAIN,
    [name.length],
    name,
    [kind, server.value.length],
    server.value,
    nonce,
    clientId,
  );
}

function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}
