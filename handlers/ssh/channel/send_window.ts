import { SshProtocolError } from "../errors.ts";

const MAX_WINDOW = 2 ** 32 - 1;

/** How many bytes the other side takes (RFC 4254 section 5.2), and who waits for more. */
export class SendWindow {
  #bytes: number;
  #changed = Promise.withResolvers<void>();

  /** Begins with what the other side has said. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** What it still takes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves with the next {@linkcode SendWindow.grow} or {@linkcode SendWindow.wake}. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Uses up some of it. */
  take(bytes: number): void {
    this.#bytes -= bytes;
  }

  /**
   * Takes more room.
   *
   * @throws {SshProtocolError} Above 2^32 - 1 bytes.
   */
  grow(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MAX_WINDOW) throw new SshProtocolError("Window of a channel overflows");
    this.wake();
  }

  /** Lets whoever waits look again. */
  wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
