import { Buffer } from "node:buffer";
import { init } from "ssh2/lib/protocol/crypto.js";
import Protocol from "ssh2/lib/protocol/Protocol.js";

import { DisconnectReason, SshProtocolError } from "../errors.ts";
import { Message } from "../wire/message.ts";
import { SshWriter } from "../wire/ssh_writer.ts";
import { ALGORITHMS } from "./algorithms.ts";
import { ChaChaAead } from "./chacha_aead.ts";
import { type CipherLease, leaseCiphers } from "./crypto/cipher_lease.ts";
import type { CipherKit } from "./crypto/cipher_kit.ts";
import { GcmAead } from "./gcm_aead.ts";
import { isWrongGuess } from "./kex_guess.ts";
import type { PacketAead } from "./packet_aead.ts";
import { PacketCipher, type PacketRoom } from "./packet_cipher_adapter.ts";
import { PacketDecipher } from "./packet_decipher_adapter.ts";
import type { EngineOptions, HostKey } from "./packet_transport.ts";

/** Resolves when what is written in WebAssembly is loaded, to ciphers. */
export async function loadCrypto(): Promise<CipherLease> {
  await init;
  return await leaseCiphers();
}

/** As much of ssh2's packet protocol as is used: its server, client and channels are not. */
export interface Ssh2Protocol {
  start(): void;
  parse(chunk: Buffer, start: number, end: number): void;
  rekey(): void;
  disconnect(reason: number): void;
  cleanup(): void;
  _onPayload: (payload: Buffer) => unknown;
  _onHandshakeComplete: (negotiated: unknown) => void;
  _destruct?: unknown;
  readonly _kexinit: unknown;
  readonly _remoteIdentRaw?: Buffer;
  readonly _kex?: { sessionID?: Buffer; remoteExtInfoEnabled?: boolean };
  _queue?: Uint8Array[];
  _decipher: Ssh2Decipher;
  _skipNextInboundPacket: boolean;
  _cipher: Ssh2Cipher;
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number;
      alloc(bytes: number): Uint8Array;
      finalize(packet: Uint8Array): Uint8Array;
    };
  };
}

/** What seals packets, and what ssh2's own have inside. */
interface Ssh2Cipher {
  outSeqno: number;
  free(): void;
  allocPacket(payloadBytes: number): Uint8Array;
  encrypt(packet: Uint8Array): void;
  readonly _encKeyMain?: Buffer;
  readonly _encKeyPktLen?: Buffer;
  readonly _encSSLName?: string;
  readonly _encKey?: Buffer;
  readonly _encIV?: Buffer;
  readonly _cipherInstance?: Unfinished;
}

/** What opens packets, and what ssh2's own have inside. */
interface Ssh2Decipher {
  inSeqno: number;
  _onPayload: (payload: Buffer) => unknown;
  free(): void;
  decrypt(data: Uint8Array, start: number, end: number): number | undefined;
  readonly _decKeyMain?: Buffer;
  readonly _decKeyPktLen?: Buffer;
  readonly _decipherSSLName?: string;
  readonly _decipherKey?: Buffer;
  readonly _decipherIV?: Buffer;
  readonly _decipherInstance?: Unfinished;
  readonly _macInstance?: { digest(): unknown } | null;
}

/** Something of node:crypto that Deno keeps until it is finished. */
interface Unfinished {
  final(): unknown;
}

/** What ssh2 tells. */
export interface Ssh2Hooks {
  /** Bytes for the other side, which are copied. */
  written(bytes: Uint8Array): void;
  /** Where packets for the other side are made. */
  readonly room: PacketRoom;
  /** What ciphers are made of; asked for once keys are agreed on. */
  kit(): CipherKit;
  /** The other side has broken the protocol. */
  failed(error: SshProtocolError): void;
  /** A message that is not about keys. See {@linkcode PacketDecipher} for how long it lasts. */
  received(payload: Uint8Array): void;
  /** New keys are in use; whether the other side asked for EXT_INFO (RFC 8308). */
  keysChanged(asksForExtensions: boolean): void;
}

/** One side of ssh2's packet protocol, with the mistakes of it that show there put right. */
export function createSsh2(options: EngineOptions, hooks: Ssh2Hooks): Ssh2Protocol {
  const { hostKey, verifyHostKey, ident } = options;
  const { kex, serverHostKey, cipher, mac, compress } = ALGORITHMS;
  const direction = { cipher, mac, compress, lang: [] };
  const protocol: Ssh2Protocol = new Protocol({
    server: hostKey !== undefined,
    hostKeys: hostKey ? { "ssh-ed25519": ssh2HostKey(hostKey) } : undefined,
    hostVerifier: (key: Buffer) => verifyHostKey?.(new Uint8Array(key)) ?? false,
    ident,
    offer: { kex: [...kex], serverHostKey: [...serverHostKey], cs: direction, sc: direction },
    onHeader: () => watchFirstExchange(protocol),
    onWrite: (bytes: Uint8Array) => hooks.written(bytes),
    onError: (error: unknown) => hooks.failed(refused(error)),
  });
  takeMessages(protocol, hooks);
  return protocol;
}

/** ssh2's own reading of messages above the transport is where most of its faults lie. */
function takeMessages(protocol: Ssh2Protocol, hooks: Ssh2Hooks): void {
  const { _onPayload: onPayload, _onHandshakeComplete: complete } = protocol;
  protocol._onPayload = (payload) => {
    if (payload[0] === Message.KexInit) return keyInit(protocol, payload, onPayload);
    hooks.received(payload);
    return undefined;
  };
  let ciphers: [Ssh2Cipher, Ssh2Decipher] | undefined;
  protocol._onHandshakeComplete = (negotiated) => {
    if (ciphers) release(...ciphers);
    replaceCiphers(protocol, hooks);
    ciphers = [protocol._cipher, protocol._decipher];
    const asked = protocol._kex?.remoteExtInfoEnabled === true;
    // ssh2's own EXT_INFO offers SHA-1 and has a comma missing.
    if (protocol._kex) protocol._kex.remoteExtInfoEnabled = false;
    complete.call(protocol, negotiated);
    hooks.keysChanged(asked);
  };
}

/** Before the first packet of new keys, ssh2's ciphers make way for ours. */
function replaceCiphers(protocol: Ssh2Protocol, { kit, room }: Ssh2Hooks): void {
  const { _cipher: cipher, _decipher: decipher } = protocol;
  const sealing = sealingAead(kit(), cipher);
  if (sealing) protocol._cipher = new PacketCipher(sealing, cipher.outSeqno, room);
  const opening = openingAead(kit(), decipher);
  if (opening) {
    protocol._decipher = new PacketDecipher(opening, decipher.inSeqno, decipher._onPayload);
  }
}

function sealingAead(kit: CipherKit, cipher: Ssh2Cipher): PacketAead | undefined {
  const { _encKeyMain: main, _encKeyPktLen: length, _encKey: key, _encIV: nonce } = cipher;
  if (main && length) return new ChaChaAead(kit, { main, length });
  if (key && nonce && isGcm(cipher._encSSLName)) return new GcmAead(kit, { key, nonce }, "seal");
  return undefined;
}

function openingAead(kit: CipherKit, decipher: Ssh2Decipher): PacketAead | undefined {
  const { _decKeyMain: main, _decKeyPktLen: length } = decipher;
  if (main && length) return new ChaChaAead(kit, { main, length });
  const { _decipherSSLName: name, _decipherKey: key, _decipherIV: nonce } = decipher;
  return key && nonce && isGcm(name) ? new GcmAead(kit, { key, nonce }, "open") : undefined;
}

function isGcm(name: string | undefined): boolean {
  return name === "aes-128-gcm" || name === "aes-256-gcm";
}

/** Frees ciphers, and finishes what ssh2 leaves unfinished, so that Deno forgets it. */
export function release(cipher: Ssh2Cipher, decipher: Ssh2Decipher | undefined): void {
  cipher.free();
  decipher?.free();
  const { _cipherInstance, _decipherInstance, _macInstance } = { ...cipher, ...decipher };
  const ends = [
    () => _cipherInstance?.final(),
    () => _decipherInstance?.final(),
    () => _macInstance?.digest(),
  ];
  for (const end of ends) {
    try {
      end();
    } catch {
      continue; // finished already, or in the middle of a packet: both are fine
    }
  }
}

/** Before there are keys, messages reach ssh2 alone. */
function watchFirstExchange(protocol: Ssh2Protocol): void {
  const decipher = protocol._decipher;
  const original = decipher._onPayload;
  decipher._onPayload = (payload) =>
    payload[0] === Message.KexInit ? keyInit(protocol, payload, original) : original(payload);
}

function keyInit(
  protocol: Ssh2Protocol,
  payload: Buffer,
  original: (payload: Buffer) => unknown,
): unknown {
  const result = original(payload);
  if (protocol._destruct) protocol._skipNextInboundPacket = isWrongGuess(payload);
  return result;
}

/** The host key in the form that ssh2 asks for. */
function ssh2HostKey({ publicKey, sign }: HostKey): object {
  const blob = new SshWriter().string("ssh-ed25519").string(publicKey).finish();
  return {
    type: "ssh-ed25519",
    getPublicSSH: () => Buffer.from(blob),
    sign: (data: Buffer) => Buffer.from(sign(data)),
  };
}

/** ssh2 throws and reports errors of all kinds: all of them are the other side's doing. */
export function refused(error: unknown): SshProtocolError {
  const detail = error instanceof Error ? error.message : "unknown";
  const inHandshake = error instanceof Error && "level" in error && error.level === "handshake";
  const reason = inHandshake ? DisconnectReason.KeyExchangeFailed : DisconnectReason.ProtocolError;
  return new SshProtocolError(`Packets do not make sense: ${detail}`, { reason, cause: error });
}
