import { type Stream, StreamClosedError } from "@alknet/core";
import { readableFrom, writableFrom } from "@alknet/core/transport";

import { SshProtocolError } from "../errors.ts";
import { Message, message } from "../wire/message.ts";
import type { SshWriter } from "../wire/ssh_writer.ts";
import type { ChannelHost, ChannelRequest, ChannelStart, RequestVerdict } from "./channel_host.ts";
import { ChannelInput } from "./channel_input.ts";
import { ReceiveWindow } from "./receive_window.ts";
import { RequestQueue } from "./request_queue.ts";
import { SendWindow } from "./send_window.ts";

/** Most bytes of data in one message: what every implementation takes (RFC 4253 section 6.1). */
const MAX_DATA_BYTES = 32_768;
const STDERR = 1;

/**
 * A channel (RFC 4254 section 5): two flows of bytes with a window each, a second outward one for
 * errors, and requests beside them. Each direction ends by itself; the channel is over when both
 * sides have closed it. One that is no session closes itself once both directions have ended, for
 * the other side may wait for that for ever (`ssh -W` does).
 *
 * Data and errors share one window; whoever waits for it is woken in turn, so that neither starves.
 */
export class Channel implements Stream {
  /** Its type. */
  readonly type: string;
  /** Its number here. */
  readonly localId: number;
  /** Answers requests of the other side; without it they are refused. */
  onRequest?: (request: ChannelRequest) => RequestVerdict | Promise<RequestVerdict>;
  /** Resolves when the other side has closed it or the connection is over. */
  readonly closed: Promise<void>;
  readonly #host: ChannelHost;
  readonly #remoteId: number;
  readonly #maxPacket: number;
  readonly #sendWindow: SendWindow;
  readonly #receiveWindow: ReceiveWindow;
  readonly #input: ChannelInput;
  #errors?: ChannelInput;
  readonly #resolveClosed: () => void;
  readonly #replies: ((granted: boolean) => void)[] = [];
  #traffic = 0;
  #output: "open" | "eof" | "closed" = "open";
  #peerClosed = false;
  readonly #requests = new RequestQueue({
    decide: (request) => this.onRequest?.(request) ?? false,
    answer: (request, verdict) => this.#answer(request, verdict),
    malformed: () => this.close(), // a malformed request ends its channel
  });
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<Uint8Array>;

  /** Made by the channel table. */
  constructor(host: ChannelHost, start: ChannelStart) {
    this.#host = host;
    this.type = start.type;
    this.localId = start.localId;
    this.#remoteId = start.remoteId;
    this.#sendWindow = new SendWindow(start.remoteWindow);
    this.#maxPacket = Math.min(start.remoteMaxPacket, MAX_DATA_BYTES);
    this.#receiveWindow = new ReceiveWindow(start.windowBytes, (bytes) => this.#grant(bytes));
    this.#input = new ChannelInput(this.#receiveWindow);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  /** How many messages with data have passed, either way: who looks twice sees whether any has. */
  get traffic(): number {
    return this.#traffic;
  }

  /** See {@linkcode Stream}. At the end of the channel reads as the end of the stream. */
  async read(buffer: Uint8Array): Promise<number | null> {
    const count = await this.#input.read(buffer);
    if (count === null && this.#host.ended && !this.#input.hasEnded) throw this.#host.ended;
    return count;
  }

  /**
   * From now on the other side's standard error is kept, which is thrown away otherwise. It shares
   * its window with the data: both have to be read.
   */
  keepErrors(): void {
    this.#errorInput();
  }

  /** Reads the other side's standard error; see {@linkcode Channel.keepErrors}. */
  async readError(buffer: Uint8Array): Promise<number | null> {
    return await this.#errorInput().read(buffer);
  }

  /** See {@linkcode Stream}. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#write(
      bytes,
      (length) => this.#message(Message.ChannelData).uint32(length).finish(),
    );
  }

  /** As {@linkcode Channel.write}, for what goes to the other side's standard error. */
  writeError(bytes: Uint8Array): Promise<void> {
    return this.#write(
      bytes,
      (length) => this.#message(Message.ChannelExtendedData).uint32(STDERR).uint32(length).finish(),
    );
  }

  /** Ends this direction; the other goes on. */
  closeWrite(): Promise<void> {
    if (this.#output === "open") {
      this.#output = "eof";
      this.#send(Message.ChannelEof);
      this.#sendWindow.wake();
      this.#closeIfEnded();
    }
    return Promise.resolve();
  }

  /** Closes the channel: nothing is read or written any more. */
  close(): void {
    this.stopReading();
    this.#sendClose();
  }

  /** Throws away what the other side still sends; the channel stays open. */
  stopReading(): void {
    this.#input.stop();
    this.#errors?.stop();
  }

  /** See {@linkcode Stream}. */
  reset(): void {
    this.close();
  }

  /** See {@linkcode Stream}. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableFrom(this, () => this.#input.stop());
  }

  /** See {@linkcode Stream}. */
  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableFrom(this, () => this.reset());
  }

  /** Sends a request that wants no answer. */
  tell(type: string, data: Uint8Array = new Uint8Array(0)): void {
    if (this.#output === "closed") return;
    this.#host.send(
      this.#message(Message.ChannelRequest).string(type).boolean(false).raw(data).finish(),
    );
  }

  /** Sends a request and resolves to whether it was granted; false also when the channel ends. */
  ask(type: string, data: Uint8Array = new Uint8Array(0)): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    if (this.#output === "closed" || this.#peerClosed) resolve(false);
    else {
      this.#replies.push(resolve);
      this.#host.send(
        this.#message(Message.ChannelRequest).string(type).boolean(true).raw(data).finish(),
      );
    }
    return promise;
  }

  /** Takes data of the other side, which is copied. */
  receive(bytes: Uint8Array): void {
    if (this.#peerClosed || this.#input.hasEnded) throw new SshProtocolError("Data after its end");
    this.#traffic++;
    this.#input.push(bytes);
  }

  /** Takes data of the other side's standard error, which is copied. */
  receiveError(bytes: Uint8Array): void {
    this.#traffic++;
    if (this.#errors) this.#errors.push(bytes);
    else this.#input.skip(bytes.length);
  }

  /** Takes more room on the other side. */
  adjustWindow(bytes: number): void {
    this.#sendWindow.grow(bytes);
  }

  /** The other side has ended its direction. */
  receiveEof(): void {
    this.#input.end();
    this.#errors?.end();
    this.#closeIfEnded();
  }

  /** The other side has closed the channel: it is closed from here as well. */
  receiveClose(): void {
    this.#peerClosed = true;
    this.receiveEof();
    this.#sendClose();
    this.#settle();
  }

  /** Takes a request; answers go out in the order of the requests. */
  receiveRequest(request: ChannelRequest, maxPending: number): void {
    this.#requests.receive(request, maxPending);
  }

  /** Takes the answer to the oldest request. */
  receiveReply(granted: boolean): void {
    const resolve = this.#replies.shift();
    if (!resolve) throw new SshProtocolError("Answer to a request that was not made");
    resolve(granted);
  }

  /** The connection is over. */
  connectionEnded(): void {
    this.#output = "closed";
    this.#input.lose();
    this.#errors?.lose();
    this.#sendWindow.wake();
    this.#finish();
  }

  async #write(bytes: Uint8Array, headOf: (length: number) => Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      await this.#room();
      const part = rest.subarray(0, Math.min(this.#sendWindow.bytes, this.#maxPacket));
      this.#sendWindow.take(part.length);
      this.#traffic++;
      this.#host.send(headOf(part.length), part);
      rest = rest.subarray(part.length);
    }
  }

  /** Waits until the other side and the connection take data. */
  async #room(): Promise<void> {
    for (;;) {
      await this.#host.drained();
      if (this.#host.ended) throw this.#host.ended;
      if (this.#output !== "open") throw new StreamClosedError(`Channel is over: ${this.#output}`);
      if (this.#sendWindow.bytes > 0) return;
      await this.#sendWindow.changed;
    }
  }

  #errorInput(): ChannelInput {
    if (this.#errors) return this.#errors;
    this.#errors = new ChannelInput(this.#receiveWindow);
    if (this.#host.ended) this.#errors.lose();
    else if (this.#peerClosed || this.#input.hasEnded) this.#errors.end();
    return this.#errors;
  }

  #answer(request: ChannelRequest, verdict: RequestVerdict): void {
    if (this.#output === "closed") return;
    if (request.wantReply) this.#send(verdict ? Message.ChannelSuccess : Message.ChannelFailure);
    if (typeof verdict === "function") verdict();
  }

  #grant(bytes: number): void {
    if (this.#peerClosed || this.#output === "closed") return;
    this.#host.send(
      this.#message(Message.ChannelWindowAdjust).uint32(bytes).finish(),
    );
  }

  /** What a session runs tells how it ended after its output; what is not read yet can still be. */
  #closeIfEnded(): void {
    const isSession = this.type === "session";
    if (!isSession && this.#output === "eof" && this.#input.hasEnded) this.#sendClose();
  }

  #sendClose(): void {
    if (this.#output === "closed") return;
    this.#output = "closed";
    this.#send(Message.ChannelClose);
    this.#sendWindow.wake();
    this.#settle();
  }

  /** The begin of a message about this channel. */
  #message(type: number): SshWriter {
    return message(type).uint32(this.#remoteId);
  }

  #send(type: number): void {
    if (!this.#host.ended) this.#host.send(this.#message(type).finish());
  }

  #settle(): void {
    if (!this.#peerClosed || this.#output !== "closed") return;
    this.#finish();
    this.#host.forget(this);
  }

  #finish(): void {
    for (const resolve of this.#replies.splice(0)) resolve(false);
    this.#resolveClosed();
  }
}
