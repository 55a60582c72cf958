import { ConnectionClosedError } from "@alknet/core";

import type { PacketTransport } from "../engine/packet_transport.ts";
import { ChannelRefusedError, OpenFailure, SshProtocolError } from "../errors.ts";
import { Message, message } from "../wire/message.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import { Channel } from "./channel.ts";
import type { ChannelHost } from "./channel_host.ts";
import type { GlobalRequest, MultiplexerHooks } from "./multiplexer_hooks.ts";
import { type ChannelLimits, DEFAULT_CHANNEL_LIMITS } from "./limits.ts";

/** Packets smaller than this cost more than they carry. */
const MIN_PACKET_BYTES = 64;
const MAX_PACKET_BYTES = 32_768;

interface Opening {
  readonly type: string;
  readonly resolve: (channel: Channel) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The connection protocol (RFC 4254) over a transport, the same on both sides: channels and
 * requests. It begins after authentication.
 */
export class Multiplexer implements ChannelHost {
  readonly #transport: PacketTransport;
  readonly #hooks: MultiplexerHooks;
  readonly #limits: ChannelLimits;
  /** By local number: a channel, one being opened, or one of the other side's being decided on. */
  readonly #channels = new Map<number, Channel | Opening | "offered">();
  readonly #asked: ((answer: Uint8Array | false) => void)[] = [];
  #ended?: Error;

  /** Sends through `transport`; received messages go to {@linkcode Multiplexer.handle}. */
  constructor(
    transport: PacketTransport,
    hooks: MultiplexerHooks,
    limits: Partial<ChannelLimits> = {},
  ) {
    this.#transport = transport;
    this.#hooks = hooks;
    this.#limits = { ...DEFAULT_CHANNEL_LIMITS, ...limits };
  }

  /** See {@linkcode ChannelHost}. */
  get ended(): Error | undefined {
    return this.#ended;
  }

  /** Open channels. */
  get channels(): Channel[] {
    return [...this.#channels.values()].filter((each) => each instanceof Channel);
  }

  /** See {@linkcode ChannelHost}. */
  send(payload: Uint8Array, data?: Uint8Array): void {
    if (!this.#ended) this.#transport.send(payload, data);
  }

  /** See {@linkcode ChannelHost}. */
  async drained(): Promise<void> {
    await this.#transport.drained();
  }

  /** See {@linkcode ChannelHost}. */
  forget({ localId }: Channel): void {
    this.#channels.delete(localId);
  }

  /**
   * Opens a channel.
   *
   * @throws {ChannelRefusedError} When the other side does not.
   * @throws {ConnectionClosedError} When the connection is over.
   */
  open(type: string, data: Uint8Array = new Uint8Array(0)): Promise<Channel> {
    const { promise, resolve, reject } = Promise.withResolvers<Channel>();
    if (this.#ended) reject(this.#ended);
    else if (this.#channels.size >= this.#limits.maxChannels) {
      reject(new ChannelRefusedError(OpenFailure.ResourceShortage, "Too many channels"));
    } else {
      const localId = this.#freeId();
      this.#channels.set(localId, { type, resolve, reject });
      this.send(
        message(Message.ChannelOpen).string(type).uint32(localId)
          .uint32(this.#windowFor(localId)).uint32(MAX_PACKET_BYTES).raw(data).finish(),
      );
    }
    return promise;
  }

  /** Asks something about the connection: the answer's data, or false when it was refused. */
  ask(name: string, data: Uint8Array = new Uint8Array(0)): Promise<Uint8Array | false> {
    const { promise, resolve } = Promise.withResolvers<Uint8Array | false>();
    if (this.#ended) resolve(false);
    else {
      this.#asked.push(resolve);
      this.send(message(Message.GlobalRequest).string(name).boolean(true).raw(data).finish());
    }
    return promise;
  }

  /** Takes a message from 80 to 127. */
  handle(payload: Uint8Array): void {
    const reader = new SshReader(payload, 1);
    switch (payload[0]) {
      case Message.GlobalRequest:
        return this.#onRequest(reader);
      case Message.RequestSuccess:
        return this.#onAnswer(reader.rest());
      case Message.RequestFailure:
        return this.#onAnswer(false);
      case Message.ChannelOpen:
        return this.#onOpen(reader);
      case Message.ChannelOpenConfirmation:
        return this.#onConfirmation(reader);
      case Message.ChannelOpenFailure:
        return this.#onFailure(reader);
      default:
        return this.#onChannelMessage(payload, reader);
    }
  }

  /** The connection is over: everything that waits is told. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = new ConnectionClosedError({ code: 0, reason });
    for (const entry of [...this.#channels.values()]) {
      if (entry instanceof Channel) entry.connectionEnded();
      else if (entry !== "offered") entry.reject(this.#ended);
    }
    this.#channels.clear();
    for (const resolve of this.#asked.splice(0)) resolve(false);
  }

  #onChannelMessage(payload: Uint8Array, reader: SshReader): void {
    const channel = this.#channelOf(reader.uint32());
    switch (payload[0]) {
      case Message.ChannelData:
        return channel.receive(reader.bytes());
      case Message.ChannelExtendedData:
        reader.uint32();
        return channel.receiveError(reader.bytes());
      case Message.ChannelWindowAdjust:
        return channel.adjustWindow(reader.uint32());
      case Message.ChannelEof:
        return channel.receiveEof();
      case Message.ChannelClose:
        return channel.receiveClose();
      case Message.ChannelRequest:
        return this.#onChannelRequest(channel, reader);
      case Message.ChannelSuccess:
        return channel.receiveReply(true);
      case Message.ChannelFailure:
        return channel.receiveReply(false);
      default:
        throw new SshProtocolError("Message is not of the connection protocol");
    }
  }

  #onChannelRequest(channel: Channel, reader: SshReader): void {
    const type = reader.text();
    const wantReply = reader.boolean();
    const request = { type, wantReply, data: reader.rest() };
    channel.receiveRequest(request, this.#limits.maxPendingRequests);
  }

  #onOpen(reader: SshReader): void {
    const type = reader.text();
    const remoteId = reader.uint32();
    const remoteWindow = reader.uint32();
    const remoteMaxPacket = reader.uint32();
    const refuse = (reason: OpenFailure, text: string): void =>
      this.send(
        message(Message.ChannelOpenFailure).uint32(remoteId).uint32(reason).string(text).string("")
          .finish(),
      );
    if (this.#channels.size >= this.#limits.maxChannels || remoteMaxPacket < MIN_PACKET_BYTES) {
      return refuse(OpenFailure.ResourceShortage, "too many channels");
    }
    if (!this.#hooks.onChannel) return refuse(OpenFailure.Prohibited, "not offered");
    const localId = this.#freeId();
    this.#channels.set(localId, "offered");
    const start = { type, localId, remoteId, remoteWindow, remoteMaxPacket };
    this.#hooks.onChannel({
      type,
      data: reader.rest(),
      accept: () => this.#accept(start),
      reject: (reason, text) => {
        this.#channels.delete(localId);
        refuse(reason, text);
      },
    });
  }

  #accept(start: Omit<ConstructorParameters<typeof Channel>[1], "windowBytes">): Channel {
    const { localId, remoteId } = start;
    const windowBytes = this.#windowFor(localId);
    const channel = new Channel(this, { ...start, windowBytes });
    if (this.#ended) channel.connectionEnded();
    else this.#channels.set(localId, channel);
    this.send(
      message(Message.ChannelOpenConfirmation).uint32(remoteId).uint32(localId)
        .uint32(windowBytes).uint32(MAX_PACKET_BYTES).finish(),
    );
    return channel;
  }

  #onConfirmation(reader: SshReader): void {
    const localId = reader.uint32();
    const opening = this.#openingOf(localId);
    const start = {
      type: opening.type,
      localId,
      remoteId: reader.uint32(),
      remoteWindow: reader.uint32(),
      remoteMaxPacket: reader.uint32(),
      windowBytes: this.#windowFor(localId),
    };
    if (start.remoteMaxPacket === 0) throw new SshProtocolError("Channel that takes no data");
    const channel = new Channel(this, start);
    this.#channels.set(localId, channel);
    opening.resolve(channel);
  }

  #onFailure(reader: SshReader): void {
    const localId = reader.uint32();
    const opening = this.#openingOf(localId);
    this.#channels.delete(localId);
    opening.reject(new ChannelRefusedError(reader.uint32(), reader.text()));
  }

  #onRequest(reader: SshReader): void {
    const name = reader.text();
    const wantReply = reader.boolean();
    const request = { name, data: reader.rest() };
    const answer = this.#decide(request);
    if (!wantReply) return;
    this.send(
      answer === false
        ? message(Message.RequestFailure).finish()
        : message(Message.RequestSuccess).raw(answer).finish(),
    );
  }

  #decide(request: GlobalRequest): Uint8Array | false {
    try {
      return this.#hooks.onRequest?.(request) ?? false;
    } catch (error) {
      if (error instanceof SshProtocolError) throw error;
      return false; // what went wrong here, such as a port that is taken, stays here
    }
  }

  #onAnswer(answer: Uint8Array | false): void {
    const resolve = this.#asked.shift();
    if (!resolve) throw new SshProtocolError("Answer to a request that was not made");
    resolve(answer);
  }

  #channelOf(localId: number): Channel {
    const channel = this.#channels.get(localId);
    if (channel instanceof Channel) return channel;
    throw new SshProtocolError("Message for a channel that is not open");
  }

  #openingOf(localId: number): Opening {
    const opening = this.#channels.get(localId);
    if (opening && opening !== "offered" && !(opening instanceof Channel)) return opening;
    throw new SshProtocolError("Answer for a channel that was not asked for");
  }

  #freeId(): number {
    let id = 0;
    while (this.#channels.has(id)) id++;
    return id;
  }

  #windowFor(localId: number): number {
    const { windowBytes, wideChannels } = this.#limits;
    return localId < wideChannels ? windowBytes : Math.ceil(windowBytes / 8);
  }
}
