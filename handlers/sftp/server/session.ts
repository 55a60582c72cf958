import { getLogger } from "@logtape/logtape";
import { breathe, type Stream } from "@alknet/core";

import type { FileBackend } from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import { StatusCode } from "../wire/codes.ts";
import { PacketReader } from "../wire/packet_reader.ts";
import { PacketWriter } from "../wire/packet_writer.ts";
import { decodeInit, encodeVersion } from "../wire/replies.ts";
import { decodeRequest, EXTENSIONS, RequestError, type SftpRequest } from "../wire/requests.ts";
import { status } from "./answer_packets.ts";
import { answer } from "./answers.ts";
import { Handles } from "./handles.ts";
import { DEFAULT_SFTP_LIMITS, type SftpLimits } from "./limits.ts";
import { ReplyRooms } from "./reply_rooms.ts";
import { permits, type RequestPolicy } from "./request_policy.ts";
import type { SessionState } from "./state.ts";

const log = getLogger(["alknet", "sftp"]);

/** What {@linkcode serveSession} can be told. */
export interface SessionOptions {
  /** Bounds. Default: `DEFAULT_SFTP_LIMITS`. */
  readonly limits?: Partial<SftpLimits>;
  /** Requests that are carried out; the others are refused. Default: all. */
  readonly requests?: RequestPolicy;
  /** Ends the session. */
  readonly signal?: AbortSignal;
}

/**
 * Serves SFTP version 3 on a stream until the client ends it, then closes what it left open.
 *
 * Requests are carried out in the order in which they came, except that reads overlap with reads
 * and writes with writes. More would be allowed by the draft, but sshfs opens a file and asks for
 * its attributes without waiting in between, and means the file it has just made.
 *
 * @param stream Carries the session; nobody else may use it.
 * @param backend The files.
 * @param options Bounds and an end.
 * @throws {ProtocolError} When the client sends what is no packet; the caller resets the stream.
 * @throws {WireError} When it does not begin with INIT.
 */
export async function serveSession(
  stream: Stream,
  backend: FileBackend,
  options: SessionOptions = {},
): Promise<void> {
  const session = new Session(stream, backend, options);
  await session.run();
}

/** Kinds that overlap among themselves. */
type Overlap = "read" | "write";

class Session {
  readonly #stream: Stream;
  readonly #reader: PacketReader;
  readonly #writer: PacketWriter;
  readonly #state: SessionState;
  readonly #over = new AbortController();
  readonly #outerSignal?: AbortSignal;
  readonly #policy: RequestPolicy;
  readonly #underWay = new Set<Promise<void>>();
  #overlap?: Overlap;
  #bytesUnderWay = 0;

  constructor(stream: Stream, backend: FileBackend, options: SessionOptions) {
    const { limits, signal, requests = {} } = options;
    this.#policy = requests;
    const bounds = { ...DEFAULT_SFTP_LIMITS, ...limits };
    this.#stream = stream;
    this.#outerSignal = signal;
    this.#reader = new PacketReader(stream, bounds.maxPacketBytes);
    const rooms = new ReplyRooms();
    this.#writer = new PacketWriter(stream, {
      failed: () => this.#abort(),
      sent: (packet) => rooms.give(packet),
    });
    this.#state = {
      backend,
      handles: new Handles(bounds.maxHandles),
      limits: bounds,
      rooms,
      signal: this.#over.signal,
    };
  }

  async run(): Promise<void> {
    this.#outerSignal?.addEventListener("abort", this.#abort, { once: true });
    try {
      this.#outerSignal?.throwIfAborted();
      await this.#serve();
    } finally {
      this.#outerSignal?.removeEventListener("abort", this.#abort);
      this.#over.abort();
      await this.#idle(); // a descriptor that is closed under a write may be another file's by then
      const failures = await this.#state.handles.closeAll();
      for (const error of failures) log.warn("sftp.close-failed", { error });
    }
  }

  async #serve(): Promise<void> {
    const first = await this.#reader.next();
    if (!first) return await this.#stream.closeWrite();
    decodeInit(first);
    this.#writer.push(encodeVersion([...EXTENSIONS.values()]));
    for (;;) {
      if (!this.#reader.ready) this.#writer.send();
      const packet = await this.#reader.next();
      if (!packet) break;
      await this.#take(packet);
      await breathe();
    }
    await this.#idle();
    await this.#writer.below(1);
    await this.#stream.closeWrite();
  }

  async #take(packet: Uint8Array): Promise<void> {
    const request = this.#decode(packet);
    if (!request) return;
    const { kind } = request;
    const overlap = kind === "read" || kind === "write" ? kind : undefined;
    if (overlap !== this.#overlap) await this.#idle();
    this.#overlap = overlap;
    const bytes = request.kind === "read" ? request.length : packet.length;
    await this.#room(Math.min(bytes, this.#state.limits.maxPacketBytes));
    const task = this.#carryOut(request);
    if (overlap) this.#track(task, Math.min(bytes, this.#state.limits.maxPacketBytes));
    else await task;
  }

  /** Reads a request, or refuses it. */
  #decode(packet: Uint8Array): SftpRequest | undefined {
    try {
      return decodeRequest(packet);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#writer.push(status(error.id, StatusCode.BadMessage));
      return undefined;
    }
  }

  async #carryOut(request: SftpRequest): Promise<void> {
    try {
      if (!permits(this.#policy, request)) throw new SftpError(StatusCode.PermissionDenied);
      this.#writer.push(await answer(this.#state, request));
    } catch (error) {
      this.#writer.push(this.#refusal(request, error));
    }
  }

  #refusal({ id, kind }: SftpRequest, error: unknown): Uint8Array {
    if (error instanceof SftpError) return status(id, error.status, error.message);
    if (!this.#over.signal.aborted) log.error("sftp.request-failed", { kind, error });
    return status(id, StatusCode.Failure);
  }

  #track(task: Promise<void>, bytes: number): void {
    this.#bytesUnderWay += bytes;
    this.#underWay.add(task);
    task.then(() => {
      this.#bytesUnderWay -= bytes;
      this.#underWay.delete(task);
      this.#writer.send();
    });
  }

  /** Waits until nothing is under way. */
  async #idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Waits until so many more bytes are allowed; a client that does not read waits here. */
  async #room(bytes: number): Promise<void> {
    const { maxPendingBytes } = this.#state.limits;
    while (this.#underWay.size > 0 && this.#bytesUnderWay + bytes > maxPendingBytes) {
      await Promise.race(this.#underWay);
    }
    if (this.#writer.bytes >= maxPendingBytes) await this.#writer.below(maxPendingBytes);
  }

  readonly #abort = (): void => {
    this.#over.abort();
    this.#stream.reset();
  };
}
