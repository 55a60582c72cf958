import { timingSafeEqual } from "node:crypto";

import type { RawConnection } from "@alknet/core";

import type { ChallengeCertificate } from "../challenge_certificate.ts";
import { derSignature } from "../ecdsa_signature.ts";
import { TlsFormatError } from "./byte_reader.ts";
import { concat, uint, vector } from "./byte_writer.ts";
import { type ClientHello, readClientHello } from "./client_hello.ts";
import { exchangeKeys, type KeyExchange } from "./key_exchange.ts";
import {
  type HandshakeSecrets,
  handshakeSecrets,
  hash,
  hmac,
  serverApplicationKeys,
  type TrafficKeys,
} from "./key_schedule.ts";
import { openRecord, plainRecord, protectedRecord, records, RecordType } from "./records.ts";

const TLS_1_3 = 0x0304;
const AES_128_GCM_SHA256 = 0x1301;
const ECDSA_P256_SHA256 = 0x0403;
const MessageType = {
  ServerHello: 2,
  EncryptedExtensions: 8,
  Certificate: 11,
  CertificateVerify: 15,
  Finished: 20,
} as const;
const CLOSE_NOTIFY = new Uint8Array([1, 0]);
const HANDSHAKE_FAILURE = new Uint8Array([2, 40]);
/** Records a client may send before its Finished: one of change_cipher_spec is usual. */
const MAX_RECORDS = 4;
const encoder = new TextEncoder();

/**
 * The server's side of the one handshake that Deno's TLS refuses (its library takes no certificate
 * with a critical extension it does not know, and RFC 8737 wants one): TLS 1.3 (RFC 8446) with
 * TLS_AES_128_GCM_SHA256, X25519 or P-256, and no data after it.
 *
 * ```text
 * ClientHello ──────────────────────────────────────────→
 *             ←─ ServerHello {EncryptedExtensions Certificate CertificateVerify Finished}
 * {Finished}  ──────────────────────────────────────────→
 *             ←─ [close_notify]
 * ```
 *
 * @param conn Where the ClientHello has come in.
 * @param certificateFor The proof for a name.
 * @param alpn The protocol that is chosen.
 * @throws {TlsFormatError} When the client does not keep to it.
 */
export async function challengeHandshake(
  conn: RawConnection,
  certificateFor: (serverName: string) => ChallengeCertificate | undefined,
  alpn: string,
): Promise<void> {
  const bytes = conn.bytes[Symbol.asyncIterator]();
  const hello = await readHello(bytes);
  const certificate = certificateFor(hello.serverName);
  if (!certificate || !isServable(hello, alpn)) {
    await conn.write(plainRecord(RecordType.Alert, HANDSHAKE_FAILURE));
    throw new TlsFormatError("Client wants another TLS than a challenge is answered with");
  }
  const { secrets, transcript } = await sendFlight(conn, { hello, certificate, alpn });
  await expectFinished({ [Symbol.asyncIterator]: () => bytes }, secrets.client, transcript);
  const keys = serverApplicationKeys(secrets.secret, transcript);
  await conn.write(protectedRecord(keys, RecordType.Alert, CLOSE_NOTIFY));
}

function isServable(hello: ClientHello, alpn: string): boolean {
  return hello.versions.includes(TLS_1_3) && hello.cipherSuites.includes(AES_128_GCM_SHA256) &&
    hello.signatureSchemes.includes(ECDSA_P256_SHA256) && hello.alpn.includes(alpn);
}

/** Anything behind the ClientHello would be early data, of which none was agreed to. */
async function readHello(bytes: AsyncIterator<Uint8Array>): Promise<ClientHello> {
  let held = new Uint8Array();
  for (let next = await bytes.next(); !next.done; next = await bytes.next()) {
    held = concat(held, next.value);
    const hello = readClientHello(held);
    if (hello) return hello;
  }
  throw new TlsFormatError("Client left in its ClientHello");
}

interface Flight {
  readonly hello: ClientHello;
  readonly certificate: ChallengeCertificate;
  readonly alpn: string;
}

/** Sends all that the server says; returns what the client's Finished is checked with. */
async function sendFlight(
  conn: RawConnection,
  { hello, certificate, alpn }: Flight,
): Promise<{ secrets: HandshakeSecrets; transcript: Uint8Array<ArrayBuffer> }> {
  const exchange = await exchangeKeys(hello);
  const serverHello = serverHelloOf(hello, exchange);
  const secrets = handshakeSecrets(exchange.shared, hash(hello.message, serverHello));
  const messages = [
    hello.message,
    serverHello,
    encryptedExtensions(alpn),
    certificateOf(certificate),
  ];
  messages.push(await certificateVerify(certificate, hash(...messages)));
  messages.push(message(MessageType.Finished, hmac(secrets.server.finished, hash(...messages))));
  await conn.write(concat(
    plainRecord(RecordType.Handshake, serverHello),
    plainRecord(RecordType.ChangeCipherSpec, uint(1, 1)), // for middleboxes (appendix D.4)
    protectedRecord(secrets.server, RecordType.Handshake, concat(...messages.slice(2))),
  ));
  return { secrets, transcript: hash(...messages) };
}

async function expectFinished(
  bytes: AsyncIterable<Uint8Array>,
  keys: TrafficKeys,
  transcript: Uint8Array,
): Promise<void> {
  let count = 0;
  for await (const record of records(bytes)) {
    if (++count > MAX_RECORDS) break;
    if (record.type === RecordType.ChangeCipherSpec) continue;
    if (record.type !== RecordType.Data) break;
    const { type, content } = openRecord(keys, record);
    const finished = message(MessageType.Finished, hmac(keys.finished, transcript));
    if (type !== RecordType.Handshake || content.length !== finished.length) break;
    if (timingSafeEqual(content, finished)) return;
    break;
  }
  throw new TlsFormatError("Client did not finish its handshake");
}

function serverHelloOf(
  { sessionId }: ClientHello,
  { group, publicKey }: KeyExchange,
): Uint8Array<ArrayBuffer> {
  return message(
    MessageType.ServerHello,
    uint(2, 0x0303),
    crypto.getRandomValues(new Uint8Array(32)),
    vector(1, sessionId),
    uint(2, AES_128_GCM_SHA256),
    uint(1, 0),
    vector(
      2,
      extension(43, uint(2, TLS_1_3)),
      extension(51, uint(2, group), vector(2, publicKey)),
    ),
  );
}

/** The name was used to choose (RFC 6066 section 3), and so was the protocol (RFC 7301). */
function encryptedExtensions(alpn: string): Uint8Array<ArrayBuffer> {
  const protocols = vector(2, vector(1, encoder.encode(alpn)));
  return message(
    MessageType.EncryptedExtensions,
    vector(2, extension(0), extension(16, protocols)),
  );
}

function certificateOf({ der }: ChallengeCertificate): Uint8Array<ArrayBuffer> {
  const entry = concat(vector(3, der), uint(2, 0));
  return message(MessageType.Certificate, uint(1, 0), vector(3, entry));
}

/** RFC 8446 section 4.4.3. */
async function certificateVerify(
  { privateKey }: ChallengeCertificate,
  transcript: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const label = encoder.encode("TLS 1.3, server CertificateVerify\0");
  const signed = concat(new Uint8Array(64).fill(0x20), label, transcript);
  const signature = await derSignature(privateKey, signed);
  return message(MessageType.CertificateVerify, uint(2, ECDSA_P256_SHA256), vector(2, signature));
}

function extension(type: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return concat(uint(2, type), vector(2, ...parts));
}

function message(type: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return concat(uint(1, type), vector(3, ...parts));
}
