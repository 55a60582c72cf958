import type { Address, Stream } from "./connection.ts";
import type { Identity } from "./identity.ts";

/** What a service is told about the stream it serves. */
export interface StreamContext {
  /** Who is at the other end; undefined for a stranger. */
  readonly identity?: Identity;
  /** Where from. */
  readonly remoteAddr: Address;
  /** Aborts when the stream's carrier is over or the node shuts down. */
  readonly signal: AbortSignal;
}

/**
 * A protocol that runs on one stream, whatever carries it: the stream of a connection with its own
 * ALPN, or a channel within another protocol (SFTP as a subsystem of SSH). This is how one handler
 * offers what it does to another without either knowing the other.
 *
 * It resolves when the stream has been served to its end, and ends its own direction before that.
 * When it rejects, the caller resets the stream.
 */
export type StreamService = (stream: Stream, context: StreamContext) => Promise<void>;
