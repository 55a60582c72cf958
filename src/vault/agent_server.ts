import { encodeFrame } from "./agent_codec.ts";
import { FrameDecoder } from "./agent_frames.ts";
import { vaultAgentKeys } from "./agent_keys.ts";
import { AgentLock } from "./agent_lock.ts";
import { type AgentKeys, AgentSession } from "./agent_session.ts";
import { listenPrivately } from "./agent_socket.ts";
import { copyOf, wipe } from "./bytes.ts";
import type { Vault } from "./vault.ts";

/** Options of {@linkcode serveVaultAgent}. */
export interface VaultAgentOptions {
  /** Unlocked by the caller; while it is locked the agent lists, signs and tells nothing. */
  readonly vault: Vault;
  /** Data key of the vault file; copied, so that the caller can wipe it. */
  readonly dataKey: Uint8Array;
  /** Where to listen; its directory is made with mode 0700 if it is missing. */
  readonly socketPath: string;
  /** Ends the agent. */
  readonly signal?: AbortSignal;
  /** Most clients at once; one more is hung up on. Default 32. */
  readonly maxClients?: number;
  /** How long a client may stay silent, in milliseconds. Default five minutes. */
  readonly idleTimeoutMs?: number;
  /** Told why a client's connection failed. Default: nobody is. */
  readonly onClientError?: (error: unknown) => void;
}

/** A running agent. */
export interface VaultAgent extends AsyncDisposable {
  /** Where it listens. */
  readonly socketPath: string;
  /** Resolves when the agent has ended: its socket is gone, its data key wiped. */
  readonly finished: Promise<void>;
}

const MAX_CLIENTS = 32;
const IDLE_TIMEOUT_MS = 300_000;
const READ_BYTES = 16_384;
const ACCEPT_PAUSE_MS = 100;

/**
 * Serves the node's keys over the SSH agent protocol (RFC 9987) to programs of the same user: it lists
 * the identity and the SSH host key, signs SSH user authentication and SSHSIG and nothing else, and
 * gives the vault file's data key to {@linkcode dataKeyFromAgent}.
 *
 * @throws {AgentSocketError} Where an agent runs already, or the directory is open to others.
 *
 * @example
 * ```ts
 * import { dataKeyFromAgent, serveVaultAgent, Vault } from "@alknet/vault";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const directory = await Deno.makeTempDir();
 * const socketPath = `${directory}/agent.sock`;
 * using vault = new Vault();
 * (await vault.unlockNew()).fill(0);
 * const dataKey = new Uint8Array(32).fill(7);
 * const agent = await serveVaultAgent({ vault, dataKey, socketPath });
 * deepStrictEqual(await dataKeyFromAgent(socketPath), dataKey);
 * await agent[Symbol.asyncDispose]();
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function serveVaultAgent(options: VaultAgentOptions): Promise<VaultAgent> {
  const dataKey = copyOf(options.dataKey);
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  try {
    signal.throwIfAborted();
    const listener = await listenPrivately(options.socketPath);
    const server = new AgentServer(listener, vaultAgentKeys(options.vault, dataKey), options);
    const finished = server.run(signal).finally(() => wipe(dataKey));
    return {
      socketPath: options.socketPath,
      finished,
      async [Symbol.asyncDispose](): Promise<void> {
        stop.abort();
        await finished;
      },
    };
  } catch (error) {
    wipe(dataKey);
    throw error;
  }
}

class AgentServer {
  readonly #listener: Deno.UnixListener;
  readonly #keys: AgentKeys;
  readonly #options: VaultAgentOptions;
  readonly #lock = new AgentLock();
  readonly #clients = new Map<Deno.UnixConn, Promise<void>>();

  constructor(listener: Deno.UnixListener, keys: AgentKeys, options: VaultAgentOptions) {
    this.#listener = listener;
    this.#keys = keys;
    this.#options = options;
  }

  /** Accepts until `signal`; closing the listener removes its socket. */
  async run(signal: AbortSignal): Promise<void> {
    const end = (): void => this.#end();
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    while (!signal.aborted) await this.#acceptOne(signal);
    await Promise.all(this.#clients.values());
  }

  /** An accept that fails, for want of descriptors say, must not end the agent. */
  async #acceptOne(signal: AbortSignal): Promise<void> {
    try {
      this.#admit(await this.#listener.accept());
    } catch (error) {
      if (signal.aborted) return;
      this.#options.onClientError?.(error);
      await pause(ACCEPT_PAUSE_MS, signal);
    }
  }

  #end(): void {
    this.#listener.close();
    for (const conn of this.#clients.keys()) close(conn);
  }

  #admit(conn: Deno.UnixConn): void {
    if (this.#clients.size >= (this.#options.maxClients ?? MAX_CLIENTS)) return conn.close();
    const done = this.#serve(conn)
      .catch((error) => this.#report(error))
      .finally(() => {
        close(conn);
        this.#clients.delete(conn);
      });
    this.#clients.set(conn, done);
  }

  async #serve(conn: Deno.UnixConn): Promise<void> {
    const frames = new FrameDecoder();
    const session = new AgentSession(this.#keys, this.#lock);
    const buffer = new Uint8Array(READ_BYTES);
    const timeoutMs = this.#options.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
    let timer = setTimeout(() => close(conn), timeoutMs);
    try {
      for (let count = await conn.read(buffer); count; count = await conn.read(buffer)) {
        for (const message of frames.push(buffer.subarray(0, count))) {
          // Only a whole request is a sign of life: one byte now and then holds no place.
          clearTimeout(timer);
          timer = setTimeout(() => close(conn), timeoutMs);
          await writeAll(conn, encodeAndWipe(await session.handle(message)));
          wipe(message);
        }
      }
    } finally {
      clearTimeout(timer);
      frames.clear();
      wipe(buffer);
    }
  }

  /** Clients that hang up, or that are hung up on, are no error. */
  #report(error: unknown): void {
    const ordinary = error instanceof Deno.errors.BadResource ||
      error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.BrokenPipe ||
      error instanceof Deno.errors.ConnectionReset;
    if (!ordinary) this.#options.onClientError?.(error);
  }
}

/** Resolves after a time, or at once when `signal` fires. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}

function encodeAndWipe(message: Uint8Array): Uint8Array {
  const frame = encodeFrame(message);
  wipe(message);
  return frame;
}

async function writeAll(conn: Deno.UnixConn, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    offset += await conn.write(bytes.subarray(offset));
  }
  wipe(bytes);
}

/** Closes what may be closed already: by its peer's end, by a timer, by the end of the agent. */
function close(conn: Deno.UnixConn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
