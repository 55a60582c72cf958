import type { DisconnectReason } from "../errors.ts";

/**
 * The seam to an SSH engine: the transport protocol of RFC 4253 over one stream. It agrees on keys,
 * seals and opens packets and changes keys in time; every message above that is ours. Only the
 * folder `engine` knows what does it.
 *
 * Life: `run` is called once and reads to the end; messages may be sent from the first one received
 * on.
 */
export interface PacketTransport {
  /** The exchange hash of the first key exchange (RFC 4253 section 7.2). */
  readonly sessionId: Uint8Array;
  /** What the other side called itself, such as `SSH-2.0-OpenSSH_9.2`. */
  readonly peerIdent: string;
  /** Resolves when keys are agreed on for the first time; never when that fails. */
  readonly ready: Promise<void>;
  /**
   * Sends a message: at once, or after the keys are changed. What was queued so far is not bounded.
   *
   * @param payload The message, or its beginning; copied.
   * @param data The rest of it, so that bulk data need not be put behind its head first.
   */
  send(payload: Uint8Array, data?: Uint8Array): void;
  /**
   * Resolves when there is room for bulk data: no change of keys is under way and what is queued
   * is less than {@linkcode TransportLimits.maxQueuedBytes}. Resolves at the end as well.
   */
  drained(): Promise<void>;
  /**
   * Reads messages to the end of the stream, and waits for each to be handled before the next. Those
   * with data of channels (RFC 4254 section 5.2) are only there while the call lasts; all others
   * belong to whoever takes them.
   *
   * @throws {SshProtocolError} When the other side breaks the protocol.
   * @throws {ConnectionClosedError} When the connection is gone.
   */
  run(onMessage: (payload: Uint8Array) => void | Promise<void>): Promise<void>;
  /** Tells why, sends what is queued, and ends the stream. Never throws. */
  close(reason: DisconnectReason, text: string): Promise<void>;
  /** Changes the keys now. */
  rekey(): void;
}

/** Bounds of a transport, as an engine keeps them. */
export interface TransportLimits {
  /** Bytes in either direction after which the keys are changed. Default: 1 GiB. */
  readonly rekeyBytes: number;
  /** Packets in either direction after which the keys are changed. Default: 2^31. */
  readonly rekeyPackets: number;
  /** Time after which the keys are changed with the next packet. Default: 3,600,000. */
  readonly rekeyMs: number;
  /** Bytes waiting to be written before bulk data waits. Default: 131,072. */
  readonly maxQueuedBytes: number;
  /** Bytes waiting to be written before nothing more is read. Default: 1,048,576. */
  readonly maxReplyBytes: number;
}

/** What a transport uses where nothing else is said. */
export const DEFAULT_TRANSPORT_LIMITS: TransportLimits = {
  rekeyBytes: 2 ** 30,
  rekeyPackets: 2 ** 31,
  rekeyMs: 3_600_000,
  maxQueuedBytes: 131_072,
  maxReplyBytes: 1_048_576,
};

/** A server's key as an engine needs it: it signs while the engine waits. */
export interface HostKey {
  /** 32-byte Ed25519 public key. */
  readonly publicKey: Uint8Array;
  /** The 64-byte Ed25519 signature of a message. */
  sign(message: Uint8Array): Uint8Array;
}

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
