import { Buffer } from "node:buffer";
import type { Stream } from "@alknet/core";

import { type DisconnectReason, SshProtocolError } from "../errors.ts";
import { Message, message } from "../wire/message.ts";
import { SIGNATURE_ALGORITHMS } from "./algorithms.ts";
import { IdentLine } from "./ident_line.ts";
import { OutgoingBytes } from "./outgoing_bytes.ts";
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
const MAX_READ_BYTES = 65_536;
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
  #received: Uint8Array[] = [];
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

  send(payload: Uint8Array): void {
    if (this.#closing || !this.#protocol._destruct) return; // nobody is there to read it
    const { write } = this.#protocol._packetRW;
    const start = write.allocStart;
    const packet = write.alloc(payload.length);
    packet.set(payload, start);
    const sealed = write.finalize(packet);
    if (this.#protocol._kexinit === undefined) this.#protocol._cipher.encrypt(sealed);
    else this.#hold(sealed);
    this.#clock.sent(payload.length);
    this.#rekeyWhenDue();
  }

  async drained(): Promise<void> {
    while (!this.#closing && !this.#failure && !this.#outgoing.isBroken && this.#isBusy()) {
      await this.#outgoing.changed;
    }
  }

  async run(onMessage: (payload: Uint8Array) => void | Promise<void>): Promise<void> {
    await loadCrypto();
    this.#protocol.start();
    let buffer = new Uint8Array(MIN_READ_BYTES);
    try {
      for (;;) {
        const count = await this.#stream.read(buffer);
        if (count === null || this.#closing) break;
        await this.#handle(buffer.slice(0, count), onMessage);
        if (count === buffer.length && count < MAX_READ_BYTES) buffer = new Uint8Array(count * 4);
      }
    } finally {
      this.#outgoing.wake();
    }
  }

  close(reason: DisconnectReason, text: string): Promise<void> {
    return this.#closing ??= this.#close(reason, text);
  }

  rekey(): void {
    if (this.#protocol._destruct && this.#protocol._kexinit === undefined) this.#protocol.rekey();
  }

  async #handle(
    bytes: Uint8Array<ArrayBuffer>,
    onMessage: (payload: Uint8Array) => void | Promise<void>,
  ): Promise<void> {
    this.#parse(bytes);
    const received = this.#received;
    this.#received = [];
    for (const payload of received) {
      const handled = onMessage(payload);
      if (handled) await handled;
      if (this.#closing) return;
    }
    if (this.#failure) throw this.#failure;
    // A peer that asks without reading the answers is not read from either.
    if (this.#outgoing.queuedBytes > this.#limits.maxReplyBytes) {
      await this.#outgoing.below(this.#limits.maxReplyBytes);
    }
  }

  /** ssh2 throws errors of all kinds at malformed packets: all of them are the peer's doing. */
  #parse(bytes: Uint8Array<ArrayBuffer>): void {
    const rest = this.#head.take(bytes);
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
    if (KNOWN_MESSAGES.has(payload[0] ?? 0)) this.#received.push(payload);
    else this.#notImplemented();
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
    await this.#outgoing.finish(CLOSE_TIMEOUT_MS);
  }

  /** With words once there are keys; without while they are being agreed on. */
  #say(reason: DisconnectReason, text: string): void {
    if (this.#protocol._kexinit !== undefined || this.#sessionId.length === 0) {
      return this.#protocol.disconnect(reason);
    }
    const payload = message(Message.Disconnect).uint32(reason).string(text).string("").finish();
    const { write } = this.#protocol._packetRW;
    const start = write.allocStart;
    const packet = write.alloc(payload.length);
    packet.set(payload, start);
    this.#protocol._cipher.encrypt(write.finalize(packet));
  }
}

/** The algorithms of users' keys that are taken (RFC 8308 section 3.1). */
function extensionInfo(): Uint8Array {
  return message(Message.ExtInfo).uint32(1)
    .string("server-sig-algs").string(SIGNATURE_ALGORITHMS.join(",")).finish();
}
