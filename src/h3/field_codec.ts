import type { H3Limits } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import { QpackDecoder } from "./qpack/decoder.ts";
import { QpackEncoder } from "./qpack/encoder.ts";
import type { FieldLine } from "./qpack/static_table.ts";
import type { H3Settings } from "./settings.ts";

/** A field section that waits for table entries. */
interface Waiter {
  readonly section: Uint8Array;
  resolve(lines: FieldLine[]): void;
  reject(error: unknown): void;
}

/** Both halves of QPACK with their streams: field lines to bytes and back for every request. */
export class FieldCodec {
  readonly #encoder = new QpackEncoder();
  readonly #decoder: QpackDecoder;
  readonly #encoderOut: Outbox;
  readonly #decoderOut: Outbox;
  readonly #waiters = new Map<number, Waiter>();
  #maxPeerSectionBytes = Infinity;

  /** @param streams Where the instructions of each half go. */
  constructor(limits: H3Limits, streams: { encoder: Outbox; decoder: Outbox }) {
    this.#decoder = new QpackDecoder(limits);
    this.#encoderOut = streams.encoder;
    this.#decoderOut = streams.decoder;
  }

  /** Largest field section the peer takes. */
  get maxPeerSectionBytes(): number {
    return this.#maxPeerSectionBytes;
  }

  /** Takes the peer's settings. */
  configure(settings: H3Settings): void {
    this.#maxPeerSectionBytes = settings.maxFieldSectionBytes;
    this.#encoder.configure(settings);
    this.#sendInsertions();
  }

  /** Encodes a field section. */
  encode(streamId: number, lines: readonly FieldLine[]): Uint8Array<ArrayBuffer> {
    const section = this.#encoder.encode(streamId, lines);
    this.#sendInsertions();
    return section;
  }

  /** Decodes a field section, waiting for table entries where it has to. */
  decode(streamId: number, section: Uint8Array): Promise<FieldLine[]> | FieldLine[] {
    const lines = this.#decoder.decode(streamId, section);
    if (lines) {
      this.#sendAcknowledgements();
      return lines;
    }
    const { promise, resolve, reject } = Promise.withResolvers<FieldLine[]>();
    // The bytes are the reader's, which goes on using its buffer.
    this.#waiters.set(streamId, { section: section.slice(), resolve, reject });
    return promise;
  }

  /** Gives a stream up that was not read to its end. */
  cancel(streamId: number, reason: unknown): void {
    this.#waiters.get(streamId)?.reject(reason);
    this.#waiters.delete(streamId);
    this.#decoder.cancel(streamId);
    this.#sendAcknowledgements();
  }

  /** Takes bytes of the peer's encoder stream. */
  readEncoderStream(bytes: Uint8Array): void {
    this.#decoder.readEncoderStream(bytes);
    for (const [streamId, waiter] of this.#waiters) this.#retry(streamId, waiter);
    this.#sendAcknowledgements();
  }

  /** Takes bytes of the peer's decoder stream. */
  readDecoderStream(bytes: Uint8Array): void {
    this.#encoder.readDecoderStream(bytes);
  }

  /** Fails whoever waits: the connection is over. */
  close(reason: unknown): void {
    for (const waiter of this.#waiters.values()) waiter.reject(reason);
    this.#waiters.clear();
  }

  #retry(streamId: number, { section, resolve, reject }: Waiter): void {
    try {
      const lines = this.#decoder.decode(streamId, section);
      if (!lines) return;
      this.#waiters.delete(streamId);
      resolve(lines);
    } catch (error) {
      this.#waiters.delete(streamId);
      reject(error);
    }
  }

  #sendInsertions(): void {
    const bytes = this.#encoder.takeInstructions();
    if (bytes) this.#encoderOut.send(bytes);
  }

  #sendAcknowledgements(): void {
    const bytes = this.#decoder.takeInstructions();
    if (bytes) this.#decoderOut.send(bytes);
  }
}
