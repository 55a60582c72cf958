import { Buffer } from "node:buffer";
import type { Stream } from "@alknet/core";

import { BLOCK_BYTES, giveBlock, takeBlock } from "../bytes/block_pool.ts";
import { type DisconnectReason, SshProtocolError } from "../errors.ts";
import { Message, message } from "../wire/message.ts";
import { SIGNATURE_ALGORITHMS } from "./algorithms.ts";
import type { CipherLease } from "./crypto/cipher_lease.ts";
import { IdentLine } from "./ident_line.ts";
import { MessageOrder, type OnMessage } from "./message_order.ts";
import { OutgoingBytes } from "./outgoing_bytes.ts";
import { PacketCipher } from "./packet_cipher_adapter.ts";
import { PacketDecipher } from "./packet_decipher_adapter.ts";
import {
  DEFAULT_TRANSPORT_LIMITS,
  type EngineOptions,
  type PacketTransport,
  type TransportLimits,
} from "./packet_transport.ts";
import { RekeyClock } from "./rekey_clock.ts";
import {
  createSsh2,
  loadCrypto,
  refused,
  release,
  type Ssh2Protocol,
} from "./ssh2_protocol_adapter.ts";

const KNOWN_MESSAGES: ReadonlySet<number> = new Set(Object.values(Message));
const MIN_READ_BYTES = 4_096;
const NOTHING = new Uint8Array(0);
/** An answer to the change of keys must come before this many times its limit has passed. */
const REKEY_PATIENCE = 2;
/** How long a peer that does not read may hold up the end. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Speaks the transport protocol over a stream with ssh2. */
export function openTransport(stream: Stream, options: EngineOptions): PacketTransport {
  return new Ssh2Transport(stream, options);
}

/**
 * ssh2's class `Protocol`, of which the packets, the key exchange and the ciphers are used. Its
 * messages above those are read and written here, since most of its server's known faults lie there
 * (docs/adr/0020).
 */
class Ssh2Transport implements PacketTransport {
  readonly ready: Promise<void>;
  readonly #stream: Stream;
  readonly #limits: TransportLimits;
  readonly #protocol: Ssh2Protocol;
  readonly #outgoing: OutgoingBytes;
  readonly #clock: RekeyClock;
  readonly #isServer: boolean;
  readonly #head: IdentLine;
  readonly #becomeReady: () => void;
  #messages = new MessageOrder(() => {});
  #ciphers?: CipherLease;
  #heldBytes = 0;
  #failure?: Error;
  #sessionId = new Uint8Array(0);
  #closing?: Promise<void>;

  constructor(stream: Stream, options: EngineOptions) {
    this.#stream = stream;
    this.#isServer = options.hostKey !== undefined;
    this.#limits = { ...DEFAULT_TRANSPORT_LIMITS, ...options.limits };
    this.#head = new IdentLine(this.#isServer);
    this.#clock = new RekeyClock(this.#limits);
    this.#outgoing = new OutgoingBytes(stream);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#becomeReady = resolve;
    this.#protocol = createSsh2(options, {
      written: (bytes) => this.#outgoing.push(bytes),
      room: this.#outgoing,
      kit: () => this.#kit(),
      failed: (error) => this.#failure ??= error,
      received: (payload) => this.#onPayload(payload),
      keysChanged: (extInfo) => this.#onKeys(extInfo),
    });
  }

  get sessionId(): Uint8Array {
    return this.#sessionId;
  }

  get peerIdent(): string {
    return this.#head.text;
  }

  send(payload: Uint8Array, data: Uint8Array = NOTHING): void {
    if (this.#closing || !this.#protocol._destruct) return; // nobody is there to read it
    if (this.#protocol._kexinit !== undefined) this.#hold(this.#packet(payload, data));
    else this.#seal(payload, data);
    this.#clock.sent(payload.length + data.length);
    this.#rekeyWhenDue();
  }

  async drained(): Promise<void> {
    while (!this.#closing && !this.#failure && !this.#outgoing.isBroken && this.#isBusy()) {
      await this.#outgoing.changed;
    }
  }

  async run(onMessage: OnMessage): Promise<void> {
    this.#ciphers = await loadCrypto();
    this.#messages = new MessageOrder(onMessage);
    this.#protocol.start();
    let buffer = new Uint8Array(MIN_READ_BYTES);
    try {
      for (;;) {
        const count = await this.#stream.read(buffer);
        if (count === null || this.#closing) break;
        await this.#handle(buffer.subarray(0, count));
        if (count === buffer.length && count < BLOCK_BYTES) buffer = takeBlock();
      }
    } finally {
      giveBlock(buffer);
      this.#outgoing.wake();
      if (this.#closing) this.#ciphers[Symbol.dispose]();
    }
  }

  close(reason: DisconnectReason, text: string): Promise<void> {
    return this.#closing ??= this.#close(reason, text);
  }

  rekey(): void {
    if (this.#protocol._destruct && this.#protocol._kexinit === undefined) this.#protocol.rekey();
  }

  async #handle(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#parse(bytes);
    await this.#messages.settled();
    if (this.#failure && !this.#closing) throw this.#failure;
    // A peer that asks without reading the answers is not read from either.
    if (this.#outgoing.queuedBytes > this.#limits.maxReplyBytes) {
      await this.#outgoing.below(this.#limits.maxReplyBytes);
    }
  }

  /** ssh2 throws errors of all kinds at malformed packets: all of them are the peer's doing. */
  #parse(bytes: Uint8Array<ArrayBuffer>): void {
    // ssh2's own deciphers keep what they are given; the bytes here are read into again.
    const isOurs = this.#protocol._decipher instanceof PacketDecipher;
    const rest = this.#head.take(isOurs ? bytes : bytes.slice());
    if (rest.length === 0) return;
    try {
      this.#protocol.parse(Buffer.from(rest.buffer, rest.byteOffset, rest.length), 0, rest.length);
    } catch (error) {
      if (error instanceof SshProtocolError) throw error;
      throw refused(error);
    }
  }

  /** Keeps a message until the keys are changed; bulk data waits in {@linkcode drained} instead. */
  #hold(packet: Uint8Array): void {
    (this.#protocol._queue ??= []).push(packet);
    this.#heldBytes += packet.length;
    if (this.#heldBytes <= this.#limits.maxReplyBytes) return;
    this.#failure ??= new SshProtocolError("The other side asks on instead of changing keys");
  }

  #isBusy(): boolean {
    return this.#protocol._kexinit !== undefined ||
      this.#outgoing.queuedBytes > this.#limits.maxQueuedBytes;
  }

  #onPayload(payload: Uint8Array): void {
    this.#clock.received(payload.length);
    if (this.#clock.isOverdue(REKEY_PATIENCE)) {
      throw new SshProtocolError("The other side does not change keys");
    }
    this.#rekeyWhenDue();
    if (payload.length === 0) throw new SshProtocolError("Packet without a message");
    if (!KNOWN_MESSAGES.has(payload[0] ?? 0)) return this.#notImplemented();
    if (!this.#failure) this.#messages.take(payload);
  }

  /** RFC 4253 section 11.4; the engine has counted the packet already. */
  #notImplemented(): void {
    const sequence = (this.#protocol._decipher.inSeqno - 1) >>> 0;
    this.send(message(Message.Unimplemented).uint32(sequence).finish());
  }

  #rekeyWhenDue(): void {
    if (this.#clock.isDue() && this.#protocol._kexinit === undefined) this.#protocol.rekey();
  }

  #onKeys(asksForExtensions: boolean): void {
    const first = this.#sessionId.length === 0;
    this.#clock.reset();
    this.#heldBytes = 0;
    this.#outgoing.wake();
    if (!first) return;
    this.#sessionId = new Uint8Array(this.#protocol._kex?.sessionID ?? []);
    this.#becomeReady();
    if (this.#isServer && asksForExtensions) this.send(extensionInfo());
  }

  async #close(reason: DisconnectReason, text: string): Promise<void> {
    if (this.#protocol._destruct && !this.#failure) {
      this.#say(reason, text);
      this.#protocol.cleanup();
    }
    release(this.#protocol._cipher, this.#protocol._decipher);
    this.#ciphers?.[Symbol.dispose]();
    this.#messages.stop();
    await this.#outgoing.finish(CLOSE_TIMEOUT_MS);
  }

  /** With words once there are keys; without while they are being agreed on. */
  #say(reason: DisconnectReason, text: string): void {
    if (this.#protocol._kexinit !== undefined || this.#sessionId.length === 0) {
      return this.#protocol.disconnect(reason);
    }
    this.#seal(
      message(Message.Disconnect).uint32(reason).string(text).string("").finish(),
      NOTHING,
    );
  }

  #seal(payload: Uint8Array, data: Uint8Array): void {
    const { _cipher: cipher } = this.#protocol;
    if (cipher instanceof PacketCipher) cipher.seal(payload, data);
    else cipher.encrypt(this.#packet(payload, data));
  }

  /** A packet as ssh2 makes it: not sealed, or only the message, while keys are being changed. */
  #packet(payload: Uint8Array, data: Uint8Array): Uint8Array {
    const { write } = this.#protocol._packetRW;
    const start = write.allocStart;
    const packet = write.alloc(payload.length + data.length);
    packet.set(payload, start);
    packet.set(data, start + payload.length);
    return write.finalize(packet);
  }

  #kit(): CipherLease["kit"] {
    if (!this.#ciphers) throw new TypeError("Cannot agree on keys before reading");
    return this.#ciphers.kit;
  }
}

/** The algorithms of users' keys that are taken (RFC 8308 section 3.1). */
function extensionInfo(): Uint8Array {
  return message(Message.ExtInfo).uint32(1)
    .string("server-sig-algs").string(SIGNATURE_ALGORITHMS.join(",")).finish();
}
