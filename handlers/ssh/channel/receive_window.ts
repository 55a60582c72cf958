import { SshProtocolError } from "../errors.ts";

/**
 * The room that the other side has been given (RFC 4254 section 5.2). What it sends on a channel, be
 * it data or errors, comes out of one window, and more is given only for what was read.
 */
export class ReceiveWindow {
  readonly #bytes: number;
  readonly #grant: (bytes: number) => void;
  /** Bytes the other side may still send. */
  #left: number;
  /** Bytes read since room was last given. */
  #consumed = 0;

  /** Holds at most `bytes`; `grant` tells the other side of more room. */
  constructor(bytes: number, grant: (bytes: number) => void) {
    this.#bytes = bytes;
    this.#left = bytes;
    this.#grant = grant;
  }

  /** Takes what came. */
  take(bytes: number): void {
    if (bytes > this.#left) throw new SshProtocolError("More data than the window has room for");
    this.#left -= bytes;
  }

  /** Room is given in large steps: a message for each read would cost more than the data. */
  consume(bytes: number): void {
    this.#consumed += bytes;
    if (this.#consumed < this.#bytes / 2) return;
    const bytesRead = this.#consumed;
    this.#consumed = 0;
    this.#left += bytesRead;
    this.#grant(bytesRead);
  }
}
