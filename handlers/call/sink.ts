import type { EventEnvelope } from "./envelope.ts";

/** Where frames go: one stream, seen by the state machines, which know nothing else of I/O. */
export interface Sink {
  /**
   * Sends one envelope after all that were sent before.
   *
   * @param admit Told how many bytes it takes before it waits for those before it; what it throws
   * comes back, and nothing is sent. Default: any number.
   * @returns How many bytes it took, once the transport has taken them.
   * @throws {CallWireError} When it cannot be encoded; nothing was sent then.
   */
  send(envelope: EventEnvelope, admit?: (bytes: number) => void): Promise<number>;
  /** Whether it carries one request alone, so that its reading may be held up. */
  readonly exclusive: boolean;
  /** Ends this direction after a request, where the stream carries nothing else. */
  finish?(): void;
  /** Told when a request that came on it has ended. */
  requestEnded?(): void;
}
