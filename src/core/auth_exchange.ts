import {
  decodeHello,
  decodeReply,
  decodeReplyLength,
  encodeHello,
  encodeReply,
  HELLO_BYTES,
  NONCE_BYTES,
  type Proof,
  type ServerBinding,
  transcript,
} from "./auth_wire.ts";
import { CloseCode } from "./close_code.ts";
import type { ReceiveStream, SendStream } from "./connection.ts";
import { ConnectionClosedError, ProtocolError } from "./errors.ts";
import { keyFingerprint, type NodeKey, verifySignature } from "./node_id.ts";
import { readFull } from "./streams.ts";
import type { TransportConnection } from "./transport/transport.ts";

/** What a server knows itself by; a proof for anybody else is worthless here. */
export interface ServerSelf {
  /** Whether a client that verified this binding was talking to this very server. */
  matches(server: ServerBinding): boolean;
}

/** Why a client is turned away; also the reason of the close that tells it so. */
export type Refusal = "proof-required" | "bad-proof" | "not-accepted";

const VERDICTS: readonly (Refusal | undefined)[] = [
  undefined,
  "proof-required",
  "bad-proof",
  "not-accepted",
];

/**
 * The server's side, first half: sends the challenge. On QUIC it rides on the handshake.
 *
 * @returns The nonce, for {@linkcode readProof}.
 */
export async function sendHello(
  conn: TransportConnection,
  proofRequired: boolean,
): Promise<Uint8Array> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const out = conn.single ?? await uniOf(conn).open();
  await out.write(encodeHello({ proofRequired, nonce }));
  if (!conn.single) await out.closeWrite();
  return nonce;
}

/**
 * The server's side, second half: reads the reply and checks it.
 *
 * @returns The fingerprint of the proven key; undefined for an anonymous client; or the refusal.
 * @throws {ProtocolError} When the client sends anything but a reply.
 * @throws {ConnectionClosedError} When it leaves.
 */
export async function readProof(
  conn: TransportConnection,
  nonce: Uint8Array,
  self: ServerSelf,
): Promise<{ fingerprint?: string; refusal?: Refusal }> {
  const stream = conn.single ?? await firstOf(uniOf(conn).incoming);
  const length = decodeReplyLength(await readExactly(stream, 2));
  const proof = decodeReply(await readExactly(stream, length));
  if (!proof) return {};
  const valid = self.matches(proof.server) && await signatureValid(proof, conn.alpn, nonce);
  return valid ? { fingerprint: keyFingerprint(proof.clientId) } : { refusal: "bad-proof" };
}

/** Tells the client how it went, where no close code can: one byte on a single-stream transport. */
export async function sendVerdict(conn: TransportConnection, refusal?: Refusal): Promise<void> {
  await conn.single?.write(new Uint8Array([VERDICTS.indexOf(refusal)]));
}

/**
 * The client's side. Resolves as soon as the proof is sent: a refusal shows as the close of the
 * connection, with code 4, to whoever reads first.
 *
 * @param conn A fresh connection whose server TLS has verified.
 * @param server By what it was verified.
 * @param key The client's key, or undefined to stay anonymous.
 * @throws {ConnectionClosedError} With code 4 when the server wants a key and there is none.
 */
export async function proveKey(
  conn: TransportConnection,
  server: ServerBinding,
  key?: NodeKey,
): Promise<void> {
  const stream = conn.single ?? await firstOf(uniOf(conn).incoming);
  const { proofRequired, nonce } = decodeHello(await readExactly(stream, HELLO_BYTES));
  if (proofRequired && !key) {
    conn.close(CloseCode.AuthRefused, "proof-required");
    throw new ConnectionClosedError(await conn.closed);
  }
  const out = conn.single ?? await uniOf(conn).open();
  await out.write(encodeReply(key && await sign(key, conn.alpn, server, nonce)));
  if (!conn.single) await out.closeWrite();
  conn.single?.holdReads(readVerdict(conn));
}

async function sign(
  key: NodeKey,
  alpn: string,
  server: ServerBinding,
  nonce: Uint8Array,
): Promise<Proof> {
  const signature = await key.sign(transcript(alpn, server, nonce, key.publicKey));
  return { server, clientId: key.publicKey, signature };
}

function signatureValid(proof: Proof, alpn: string, nonce: Uint8Array): Promise<boolean> {
  const message = transcript(alpn, proof.server, nonce, proof.clientId);
  return verifySignature(proof.clientId, proof.signature, message);
}

async function readVerdict(conn: TransportConnection): Promise<void> {
  if (!conn.single) return;
  const [verdict = 255] = await readExactly(conn.single, 1);
  if (verdict === 0) return;
  conn.close(CloseCode.AuthRefused, VERDICTS[verdict] ?? "unknown verdict");
  throw new ConnectionClosedError(await conn.closed);
}

function uniOf(conn: TransportConnection): NonNullable<TransportConnection["uni"]> {
  if (conn.uni) return conn.uni;
  throw new ProtocolError(`Cannot authenticate over ${conn.transport}: it has no one-way streams`);
}

async function firstOf<T extends ReceiveStream | SendStream>(
  streams: AsyncIterable<T>,
): Promise<T> {
  for await (const stream of streams) return stream;
  throw new ProtocolError("Cannot authenticate: peer closed before the exchange");
}

async function readExactly(stream: ReceiveStream, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  if (await readFull(stream, bytes)) return bytes;
  throw new ProtocolError("Cannot authenticate: peer closed in the exchange");
}
