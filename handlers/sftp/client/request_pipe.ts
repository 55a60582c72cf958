import type { Stream } from "@alknet/core";

import { SftpError } from "../sftp_error.ts";
import { StatusCode } from "../wire/codes.ts";
import { PacketReader } from "../wire/packet_reader.ts";
import { PacketWriter } from "../wire/packet_writer.ts";
import {
  decodeReply,
  decodeVersion,
  encodeInit,
  type Hello,
  type SftpReply,
} from "../wire/replies.ts";
import { encodeRequest, type SftpRequest, type UnknownRequest } from "../wire/requests.ts";
import { WireError } from "../wire/wire_error.ts";

/** A request before it has an id. */
export type NewRequest = WithoutId<Exclude<SftpRequest, UnknownRequest>>;

type WithoutId<R> = R extends unknown ? Omit<R, "id"> : never;

/** Longest answer that is taken: what a server may send for the largest read, and then some. */
const MAX_PACKET_BYTES = 1_048_576;

interface Waiter {
  readonly resolve: (reply: SftpReply) => void;
  readonly reject: (error: unknown) => void;
}

/** Sends requests on a stream, any number at a time, and finds the answer to each by its id. */
export class RequestPipe {
  readonly #stream: Stream;
  readonly #reader: PacketReader;
  readonly #writer: PacketWriter;
  readonly #waiting = new Map<number, Waiter>();
  #nextId = 0;
  #sendPlanned = false;
  #over?: unknown;
  #done: Promise<void> = Promise.resolve();

  private constructor(stream: Stream) {
    this.#stream = stream;
    this.#reader = new PacketReader(stream, MAX_PACKET_BYTES);
    this.#writer = new PacketWriter(stream, { failed: (error) => this.#fail(error) });
  }

  /**
   * Begins a session.
   *
   * @returns The pipe, and what the server said first.
   * @throws {WireError} When that is not SFTP.
   * @throws {SftpError} When the server ends the stream instead: it refuses the session.
   */
  static async open(stream: Stream): Promise<{ pipe: RequestPipe; hello: Hello }> {
    const pipe = new RequestPipe(stream);
    try {
      await stream.write(encodeInit());
      const first = await pipe.#reader.next();
      if (!first) throw new SftpError(StatusCode.PermissionDenied, "Peer offers no files to us");
      const hello = decodeVersion(first);
      pipe.#done = pipe.#receive();
      return { pipe, hello };
    } catch (error) {
      stream.reset();
      throw error;
    }
  }

  /**
   * Sends a request; requests take effect in the order of their sending.
   *
   * @throws {SftpError} When the session is over.
   */
  send(request: NewRequest): Promise<SftpReply> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    const id = this.#freeId();
    const { promise, resolve, reject } = Promise.withResolvers<SftpReply>();
    this.#writer.push(encodeRequest({ ...request, id } as Exclude<SftpRequest, UnknownRequest>));
    this.#waiting.set(id, { resolve, reject });
    this.#planSend();
    return promise;
  }

  /** Ends the session after the answers to everything sent. */
  async close(): Promise<void> {
    if (this.#over === undefined) {
      await this.#writer.below(1);
      await this.#stream.closeWrite().catch((error) => this.#fail(error));
    }
    await this.#done;
  }

  /** Gives the session up. */
  abort(reason: unknown): void {
    this.#fail(reason);
  }

  /** One write for all requests of a turn. */
  #planSend(): void {
    if (this.#sendPlanned) return;
    this.#sendPlanned = true;
    queueMicrotask(() => {
      this.#sendPlanned = false;
      this.#writer.send();
    });
  }

  #freeId(): number {
    do this.#nextId = (this.#nextId + 1) >>> 0; while (this.#waiting.has(this.#nextId));
    return this.#nextId;
  }

  async #receive(): Promise<void> {
    try {
      for (let packet = await this.#reader.next(); packet; packet = await this.#reader.next()) {
        this.#answered(decodeReply(packet));
      }
      this.#fail(new SftpError(StatusCode.ConnectionLost, "Peer ended the session"));
    } catch (error) {
      this.#fail(error);
    }
  }

  #answered(reply: SftpReply): void {
    const waiter = this.#waiting.get(reply.id);
    if (!waiter) throw new WireError(`Answer to request ${reply.id}, which was not made`);
    this.#waiting.delete(reply.id);
    waiter.resolve(reply);
  }

  #fail(error: unknown): void {
    if (this.#over !== undefined) return;
    this.#over = error;
    this.#stream.reset();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
