import { MAX_AGENT_MESSAGE_BYTES } from "./agent_codec.ts";
import { AgentProtocolError } from "./agent_errors.ts";
import { type Bytes, concat, copyOf, wipe } from "./bytes.ts";

const HEADER_BYTES = 4;

/**
 * Cuts a byte stream into messages. It holds at most one message and what came with its last bytes;
 * what was cut off is wiped, as it may have been a passphrase.
 */
export class FrameDecoder {
  #buffer: Bytes = new Uint8Array();

  /**
   * Takes the next bytes of the stream.
   *
   * @returns Messages that are complete now; the caller wipes them.
   * @throws {AgentProtocolError} For a message that is empty or too long; the stream is lost then.
   */
  push(chunk: Uint8Array): Bytes[] {
    const joined = concat(this.#buffer, chunk);
    wipe(this.#buffer);
    const messages: Bytes[] = [];
    let offset = 0;
    for (;;) {
      const end = frameEnd(joined, offset);
      if (end === undefined || end > joined.length) break;
      messages.push(copyOf(joined.subarray(offset + HEADER_BYTES, end)));
      offset = end;
    }
    this.#buffer = joined.slice(offset);
    wipe(joined);
    return messages;
  }

  /** Wipes what is left of an incomplete message. */
  clear(): void {
    wipe(this.#buffer);
    this.#buffer = new Uint8Array();
  }
}

function frameEnd(bytes: Bytes, offset: number): number | undefined {
  if (bytes.length < offset + HEADER_BYTES) return undefined;
  const length = new DataView(bytes.buffer).getUint32(offset);
  if (length < 1 || length > MAX_AGENT_MESSAGE_BYTES) {
    throw new AgentProtocolError(`Cannot read message: length ${length} is out of range`);
  }
  return offset + HEADER_BYTES + length;
}
