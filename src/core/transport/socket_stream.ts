import type { Stream } from "../connection.ts";
import { ConnectionClosedError, StreamClosedError } from "../errors.ts";
import { readableFrom, writableFrom } from "./web_streams.ts";

/** A connected socket of Deno's with half-close. */
export type Socket = Deno.TcpConn | Deno.UnixConn | Deno.TlsConn;

/**
 * A plain socket as a stream of ours: what a forwarded port, or a program's door on loopback, is
 * to handlers.
 *
 * @param socket Belongs to the stream from now on; closed once both directions have ended.
 *
 * @example
 * ```ts
 * import { socketStream } from "@alknet/core/transport";
 * import { strictEqual } from "node:assert/strict";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const accepted = listener.accept();
 * const here = socketStream(await Deno.connect({ port: listener.addr.port }));
 * const there = socketStream(await accepted);
 * await here.write(new Uint8Array([1, 2, 3]));
 * strictEqual(await there.read(new Uint8Array(9)), 3);
 * here.reset();
 * there.reset();
 * ```
 */
export function socketStream(socket: Socket): Stream {
  return new SocketStream(socket);
}

class SocketStream implements Stream {
  readonly #socket: Socket;
  #readEnded = false;
  #writeEnded = false;
  #closed = false;
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<Uint8Array>;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#readEnded && !this.#closed) return null;
    try {
      const count = await this.#socket.read(buffer);
      if (count === null) this.#endRead();
      return count;
    } catch (error) {
      if (this.#readEnded) return null; // ended and closed by itself: nothing was lost
      throw new ConnectionClosedError({ code: 0, reason: textOf(error) }, { cause: error });
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) at += await this.#socket.write(bytes.subarray(at));
    } catch (error) {
      throw closed(error);
    }
  }

  async closeWrite(): Promise<void> {
    if (this.#writeEnded || this.#closed) return;
    this.#writeEnded = true;
    try {
      await this.#socket.closeWrite();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotConnected)) throw closed(error);
    }
    if (this.#readEnded) this.reset();
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableFrom(this, () => this.reset());
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableFrom(this, () => this.reset());
  }

  reset(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #endRead(): void {
    this.#readEnded = true;
    if (this.#writeEnded) this.reset();
  }
}

function closed(error: unknown): StreamClosedError {
  return new StreamClosedError(`Stream is over: ${textOf(error)}`, { cause: error });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
