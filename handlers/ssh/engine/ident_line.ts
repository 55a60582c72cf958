import { SshProtocolError } from "../errors.ts";

/** Longest identification line of a client, CR and LF included (RFC 4253 section 4.2). */
const MAX_IDENT_BYTES = 255;
/** Most bytes a server may say before its identification line. */
const MAX_GREETING_BYTES = 8_192;
const LF = 10;

/**
 * Holds the identification line back until it is complete: the engine loses parts of one that comes
 * in more than two pieces, and waits without bound for one that never ends.
 */
export class IdentLine {
  readonly #maxBytes: number;
  readonly #isServer: boolean;
  #held = new Uint8Array(0);
  #text?: string;

  /** A server gets the line at once; a client may be greeted by other lines before. */
  constructor(isServer: boolean) {
    this.#isServer = isServer;
    this.#maxBytes = isServer ? MAX_IDENT_BYTES : MAX_GREETING_BYTES;
  }

  /** The other side's line, empty until it is complete. */
  get text(): string {
    return this.#text ?? "";
  }

  /**
   * Takes bytes from the stream.
   *
   * @returns What the engine may have: nothing until the line is complete, then everything.
   * @throws {SshProtocolError} When it is too long, or not SSH 2.
   */
  take(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (this.#text !== undefined) return bytes;
    const all = this.#held.length === 0 ? bytes : joined(this.#held, bytes);
    this.#text = this.#find(all);
    this.#held = this.#text === undefined ? all : new Uint8Array(0);
    return this.#text === undefined ? new Uint8Array(0) : all;
  }

  #find(all: Uint8Array): string | undefined {
    for (let start = 0;;) {
      const end = all.indexOf(LF, start);
      if (end < 0) {
        if (all.length >= this.#maxBytes) throw new SshProtocolError("Greeting is too long");
        return undefined;
      }
      if (end >= this.#maxBytes) throw new SshProtocolError("Greeting is too long");
      const line = latin1(all.subarray(start, end)).replace(/\r$/, "");
      if (line.startsWith("SSH-")) return line;
      if (this.#isServer) throw new SshProtocolError("Client does not speak SSH");
      start = end + 1;
    }
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
