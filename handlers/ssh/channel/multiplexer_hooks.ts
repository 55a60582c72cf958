import type { OpenFailure } from "../errors.ts";
import type { Channel } from "./channel.ts";

/** A channel the other side wants to open. */
export interface ChannelOffer {
  /** `session`, `direct-tcpip`, … */
  readonly type: string;
  /** What follows, as the type says. */
  readonly data: Uint8Array;
  /** Opens it. Exactly one of the two is called, once. */
  accept(): Channel;
  /** Refuses it. */
  reject(reason: OpenFailure, text: string): void;
}

/** A request about the whole connection (RFC 4254 section 4). */
export interface GlobalRequest {
  /** `tcpip-forward`, … */
  readonly name: string;
  /** What follows, as the name says. */
  readonly data: Uint8Array;
}

/** What the other side asks for; what is left out is refused. */
export interface MultiplexerHooks {
  /** Somebody wants a channel: accept or reject it, now or later. */
  onChannel?(offer: ChannelOffer): void;
  /** Somebody asks something: the answer's data, or false. */
  onRequest?(request: GlobalRequest): Uint8Array | false;
}
