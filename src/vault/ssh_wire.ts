import { AgentProtocolError } from "./agent_errors.ts";
import { type Bytes, concat, copyOf, uint32, utf8 } from "./bytes.ts";

/** A `string` of RFC 4251 section 5: its length, then its bytes. */
export function sshString(value: Uint8Array | string): Bytes {
  const bytes = typeof value === "string" ? utf8(value) : value;
  return concat(uint32(bytes.length), bytes);
}

/** Reads the types of RFC 4251 section 5; throws {@linkcode AgentProtocolError} where bytes end. */
export class SshReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  /** Reads `bytes` from their start, without copying them. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything was read. */
  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** One octet. */
  byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  /** A `uint32`. */
  uint32(): number {
    return this.#take(4).reduce((value, octet) => value * 256 + octet, 0);
  }

  /** A `string`, copied. */
  bytes(): Bytes {
    return copyOf(this.#take(this.uint32()));
  }

  /** A `string` of valid UTF-8. */
  text(): string {
    try {
      const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      return decoder.decode(this.#take(this.uint32()));
    } catch (cause) {
      if (cause instanceof AgentProtocolError) throw cause;
      throw new AgentProtocolError("Cannot read message: a text is not UTF-8", { cause });
    }
  }

  /** Everything that is left, copied. */
  rest(): Bytes {
    return copyOf(this.#take(this.#bytes.length - this.#offset));
  }

  /** Throws unless everything was read. */
  end(): void {
    if (!this.isAtEnd) throw new AgentProtocolError("Cannot read message: it is too long");
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#offset) {
      throw new AgentProtocolError("Cannot read message: it is too short");
    }
    const taken = this.#bytes.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return taken;
  }
}
