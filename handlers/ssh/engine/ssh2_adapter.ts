import { Buffer } from "node:buffer";
import { init as cryptoReady } from "ssh2/lib/protocol/crypto.js";
import Protocol from "ssh2/lib/protocol/Protocol.js";
import type { Stream } from "@alknet/core";

import { DisconnectReason, SshProtocolError } from "../errors.ts";
import { Message, message } from "../wire/message.ts";
import { SshWriter } from "../wire/ssh_writer.ts";
import { ALGORITHMS, SIGNATURE_ALGORITHMS } from "./algorithms.ts";
import { IdentLine } from "./ident_line.ts";
import { OutgoingBytes } from "./outgoing_bytes.ts";
import {
  DEFAULT_TRANSPORT_LIMITS,
  type HostKey,
  type PacketTransport,
  type TransportLimits,
} from "./packet_transport.ts";
import { RekeyClock } from "./rekey_clock.ts";

/** What an engine is told about its side of the connection. */
export interface EngineOptions {
  /** The server's key: its presence makes this side the server. */
  readonly hostKey?: HostKey;
  /** On the client, whether the server's key, in its wire form, is the right one. */
  readonly verifyHostKey?: (key: Uint8Array) => boolean;
  /** What this side calls itself after `SSH-2.0-`. */
  readonly ident: string;
  /** Bounds that differ from {@linkcode DEFAULT_TRANSPORT_LIMITS}. */
  readonly limits?: Partial<TransportLimits>;
}

/** As much of ssh2's packet protocol as is used: its server, client and channels are not. */
interface Ssh2Protocol {
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
  readonly _decipher: { readonly inSeqno: number };
  readonly _cipher: { encrypt(packet: Uint8Array): void };
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number;
      alloc(bytes: number): Uint8Array;
      finalize(packet: Uint8Array): Uint8Array;
    };
  };
}

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
 * (docs/adr/0012).
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
    this.#protocol = this.#createProtocol(options);
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
    await cryptoReady;
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

  #onPayload(payload: Buffer, original: (payload: Buffer) => unknown): unknown {
    this.#clock.received(payload.length);
    if (this.#clock.isOverdue(REKEY_PATIENCE)) {
      throw new SshProtocolError("The other side does not change keys");
    }
    this.#rekeyWhenDue();
    if (payload.length === 0) throw new SshProtocolError("Packet without a message");
    if (payload[0] === Message.KexInit) return original(payload);
    if (KNOWN_MESSAGES.has(payload[0] ?? 0)) this.#received.push(payload);
    else this.#notImplemented();
    return undefined;
  }

  /** RFC 4253 section 11.4; the engine has counted the packet already. */
  #notImplemented(): void {
    const sequence = (this.#protocol._decipher.inSeqno - 1) >>> 0;
    this.send(message(Message.Unimplemented).uint32(sequence).finish());
  }

  #rekeyWhenDue(): void {
    if (this.#clock.isDue() && this.#protocol._kexinit === undefined) this.#protocol.rekey();
  }

  #onKeys(): void {
    const first = this.#sessionId.length === 0;
    this.#clock.reset();
    this.#heldBytes = 0;
    this.#outgoing.wake();
    if (!first) return;
    this.#sessionId = new Uint8Array(this.#protocol._kex?.sessionID ?? []);
    this.#becomeReady();
  }

  async #close(reason: DisconnectReason, text: string): Promise<void> {
    if (this.#protocol._destruct && !this.#failure) {
      this.#say(reason, text);
      this.#protocol.cleanup();
    }
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

  #createProtocol({ hostKey, verifyHostKey, ident }: EngineOptions): Ssh2Protocol {
    const { kex, serverHostKey, cipher, mac, compress } = ALGORITHMS;
    const direction = { cipher, mac, compress, lang: [] };
    const protocol: Ssh2Protocol = new Protocol({
      server: this.#isServer,
      hostKeys: hostKey ? { "ssh-ed25519": ssh2HostKey(hostKey) } : undefined,
      hostVerifier: (key: Buffer) => verifyHostKey?.(new Uint8Array(key)) ?? false,
      ident,
      offer: { kex: [...kex], serverHostKey: [...serverHostKey], cs: direction, sc: direction },
      onWrite: (bytes: Uint8Array) => this.#outgoing.push(bytes),
      onError: (error: unknown) => this.#failure ??= refused(error),
    });
    const { _onPayload: onPayload, _onHandshakeComplete: complete } = protocol;
    protocol._onPayload = (payload) => this.#onPayload(payload, onPayload);
    protocol._onHandshakeComplete = (negotiated) => {
      const extInfo = this.#sessionId.length === 0 && protocol._kex?.remoteExtInfoEnabled;
      // ssh2's own EXT_INFO offers SHA-1 and has a comma missing.
      if (protocol._kex) protocol._kex.remoteExtInfoEnabled = false;
      complete.call(protocol, negotiated);
      this.#onKeys();
      if (this.#isServer && extInfo) this.send(extensionInfo());
    };
    return protocol;
  }
}

/** The algorithms of users' keys that are taken (RFC 8308 section 3.1). */
function extensionInfo(): Uint8Array {
  return message(Message.ExtInfo).uint32(1)
    .string("server-sig-algs").string(SIGNATURE_ALGORITHMS.join(",")).finish();
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

function refused(error: unknown): SshProtocolError {
  const detail = error instanceof Error ? error.message : "unknown";
  const inHandshake = error instanceof Error && "level" in error && error.level === "handshake";
  const reason = inHandshake ? DisconnectReason.KeyExchangeFailed : DisconnectReason.ProtocolError;
  return new SshProtocolError(`Packets do not make sense: ${detail}`, { reason, cause: error });
}
