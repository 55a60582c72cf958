import type { CallError } from "./call_error.ts";
import type { EventEnvelope } from "./envelope.ts";
import type { Frame } from "./frames.ts";

/** What bounds the frames of a port. */
export interface PortBounds {
  /** Longest envelope taken now, in bytes. */
  readonly maxBytes: () => number;
  /**
   * Told how many bytes are held that are no frame yet, or one that nobody has taken.
   *
   * @throws {CallError} RESOURCE_EXHAUSTED when that is too much.
   */
  readonly reserve: (bytes: number) => void;
}

/** Envelopes both ways, in order: a stream or a WebSocket. */
export interface FramePort {
  /**
   * Reads to the end of the peer's direction.
   *
   * @param take Gets each frame; while its promise is pending nothing further is taken.
   * @throws {CallWireError} For what is no frame.
   * @throws {CallError} RESOURCE_EXHAUSTED when more waits than may be held.
   * @throws {StreamClosedError} or {ConnectionClosedError} when it broke.
   */
  read(take: (frame: Frame) => Promise<void> | undefined): Promise<void>;
  /** Reads to the end of the peer's direction, for nobody. */
  skip(): Promise<void>;
  /**
   * Sends one envelope after all before it.
   *
   * @param admit Told how many bytes it takes; what it throws comes back, and nothing is sent.
   * @returns Its bytes, once the transport has taken them.
   * @throws {CallWireError} When it cannot be encoded; nothing was sent then.
   */
  send(envelope: EventEnvelope, admit?: (bytes: number) => void): Promise<number>;
  /**
   * Ends this direction once everything has left; rejects when that cannot be.
   *
   * @param why What the peer did wrong, where the transport can say so. Default: nothing.
   */
  end(why?: CallError): Promise<void>;
  /** Gives both directions up. */
  reset(): void;
}

/** Makes a port of what the transport has. */
export type PortMaker = (bounds: PortBounds) => FramePort;

/** What gives a session its ports: a connection or a WebSocket. */
export interface Carrier {
  /** Those the peer opens; ends when there can be no further one. */
  readonly incoming: AsyncIterable<PortMaker>;
  /**
   * Opens one.
   *
   * @throws {StreamUnavailableError} Where there is only one and that is taken.
   */
  open(): Promise<PortMaker>;
  /** Resolves when all is over. */
  readonly closed: Promise<{ readonly reason: string }>;
}
