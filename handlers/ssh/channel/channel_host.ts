import type { Channel } from "./channel.ts";

/** What a channel needs of the connection it is part of. */
export interface ChannelHost {
  /** Sends a message, of which bulk data may be the end. */
  send(payload: Uint8Array, data?: Uint8Array): void;
  /** Resolves when there is room for bulk data, or the connection is over. */
  drained(): Promise<void>;
  /** How the connection ended; undefined while it lives. */
  readonly ended: Error | undefined;
  /** Forgets the channel: both sides have closed it. */
  forget(channel: Channel): void;
}

/** How a channel begins. */
export interface ChannelStart {
  /** `session`, `direct-tcpip`, … */
  readonly type: string;
  /** Its number here. */
  readonly localId: number;
  /** Its number on the other side. */
  readonly remoteId: number;
  /** Bytes the other side takes for now. */
  readonly remoteWindow: number;
  /** Most bytes the other side takes in a message. */
  readonly remoteMaxPacket: number;
  /** Bytes this side holds for a slow reader. */
  readonly windowBytes: number;
}

/** The answer to a request: refused, granted, or granted with something to do once that was said. */
export type RequestVerdict = boolean | (() => void);

/** A request on a channel (RFC 4254 section 5.4). */
export interface ChannelRequest {
  /** `exec`, `pty-req`, … */
  readonly type: string;
  /** Whether the other side waits for an answer. */
  readonly wantReply: boolean;
  /** What follows, as the type says. */
  readonly data: Uint8Array;
}
