import type { Multiplexer } from "../channel/multiplexer.ts";
import type { PacketTransport } from "../engine/packet_transport.ts";
import { DisconnectReason, SshProtocolError } from "../errors.ts";
import { Message } from "../wire/message.ts";
import { plainLine } from "../wire/plain_text.ts";
import { SshReader } from "../wire/ssh_reader.ts";

/** Messages of the server that wait to be looked at while a client logs in. */
const MAX_EARLY_MESSAGES = 64;

/** Reads a client's connection: hands messages to whoever waits for one, later to the multiplexer. */
export class ClientLink {
  /** What it reads from. */
  readonly transport: PacketTransport;
  /** Resolves when the connection is over, to what ended it, if it was a fault. */
  readonly ended: Promise<Error | undefined>;
  /** When the server was last heard of, as `performance.now()` tells time. */
  heardAt = performance.now();
  readonly #inbox: Uint8Array[] = [];
  readonly #onBanner: (text: string) => void;
  #multiplexer?: Multiplexer;
  #arrival = Promise.withResolvers<void>();
  #farewell?: string;

  /** Begins to read. */
  constructor(transport: PacketTransport, onBanner: (text: string) => void = () => {}) {
    this.transport = transport;
    this.#onBanner = onBanner;
    this.ended = transport.run((payload) => this.#take(payload)).then(
      () => this.#over(undefined),
      (error: Error) => this.#over(error),
    );
  }

  /** What the server said when it ended the connection, if it did. */
  get farewell(): string | undefined {
    return this.#farewell;
  }

  /** Waits for something, or for the end of the connection. */
  async unlessEnded<T>(wanted: Promise<T>): Promise<T> {
    const ended = this.ended.then((error) => {
      const why = this.#farewell ? `: ${this.#farewell}` : "";
      throw error ?? new SshProtocolError(`Server ended the connection${why}`);
    });
    return await Promise.race([wanted, ended]);
  }

  /** The next message of authentication. */
  async next(): Promise<Uint8Array> {
    while (this.#inbox.length === 0) await this.unlessEnded(this.#arrival.promise);
    return this.#inbox.shift() ?? new Uint8Array(0);
  }

  /** From now on messages go to a multiplexer. */
  handOver(multiplexer: Multiplexer): void {
    this.#multiplexer = multiplexer;
    for (const payload of this.#inbox.splice(0)) multiplexer.handle(payload);
  }

  #take(payload: Uint8Array): void | Promise<void> {
    this.heardAt = performance.now();
    switch (payload[0]) {
      case Message.Disconnect:
        return this.#disconnected(payload);
      case Message.Ignore:
      case Message.Unimplemented:
      case Message.Debug:
      case Message.ExtInfo:
        return;
      case Message.UserauthBanner:
        return this.#onBanner(new SshReader(payload, 1).text());
    }
    if (this.#multiplexer) return this.#multiplexer.handle(payload);
    if (this.#inbox.length >= MAX_EARLY_MESSAGES) {
      throw new SshProtocolError("Server talks instead of letting in");
    }
    this.#inbox.push(new Uint8Array(payload));
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers<void>();
  }

  #disconnected(payload: Uint8Array): Promise<void> {
    const reader = new SshReader(payload, 1);
    const reason = reader.uint32();
    this.#farewell = plainLine(reader.text()) || `reason ${reason}`;
    return this.transport.close(DisconnectReason.ByApplication, "");
  }

  #over(error: Error | undefined): Error | undefined {
    this.#multiplexer?.end(error?.message ?? this.#farewell ?? "connection closed");
    this.transport.close(DisconnectReason.ByApplication, ""); // frees its ciphers
    return error;
  }
}
