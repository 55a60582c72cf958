import { decodeResponse, encodeFrame, encodeRequest } from "./agent_codec.ts";
import { AgentProtocolError, AgentRefusedError, AgentUnavailableError } from "./agent_errors.ts";
import { FrameDecoder } from "./agent_frames.ts";
import { DATA_KEY_EXTENSION } from "./agent_session.ts";
import { type Bytes, wipe } from "./bytes.ts";
import { DATA_KEY_BYTES } from "./vault_document.ts";

/** Options of {@linkcode dataKeyFromAgent}. */
export interface AgentClientOptions {
  /** How long to wait for the answer, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** Gives up before. */
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 5000;
const READ_BYTES = 4096;

/**
 * Asks a running agent for the data key of its vault file, so that the file opens without a prompt.
 *
 * @param socketPath Where the agent listens.
 * @returns 32 bytes for {@linkcode openVaultFile}; the caller wipes them.
 * @throws {AgentUnavailableError} Where no agent answers in time.
 * @throws {AgentRefusedError} Where the agent is locked, or is not one of alknet.
 * @throws {AgentProtocolError} For an answer that is none.
 *
 * @example
 * ```ts
 * import { AgentUnavailableError, dataKeyFromAgent } from "@alknet/vault";
 * import { rejects } from "node:assert/strict";
 *
 * await rejects(dataKeyFromAgent("/nowhere/agent.sock"), AgentUnavailableError);
 * ```
 */
export async function dataKeyFromAgent(
  socketPath: string,
  options: AgentClientOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const contents = new Uint8Array();
  const request = encodeRequest({ type: "extension", name: DATA_KEY_EXTENSION, contents });
  const message = await exchange(socketPath, request, options);
  try {
    return dataKeyOf(message);
  } finally {
    wipe(message);
  }
}

function dataKeyOf(message: Bytes): Bytes {
  const response = decodeResponse(message);
  if (response.type !== "extension" || response.name !== DATA_KEY_EXTENSION) {
    throw new AgentRefusedError("Cannot get the data key: the agent is locked, or not alknet's");
  }
  if (response.contents.length === DATA_KEY_BYTES) return response.contents;
  wipe(response.contents);
  throw new AgentProtocolError("Cannot read answer: it is no data key");
}

/** One request and the first message that comes back. */
export async function exchange(
  socketPath: string,
  request: Uint8Array,
  { timeoutMs = TIMEOUT_MS, signal }: AgentClientOptions,
): Promise<Bytes> {
  signal?.throwIfAborted();
  const conn = await connect(socketPath);
  const closeOnce = once(() => conn.close());
  const timer = setTimeout(closeOnce, timeoutMs);
  signal?.addEventListener("abort", closeOnce, { once: true });
  try {
    await conn.write(encodeFrame(request));
    return await firstMessage(conn, socketPath);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof AgentProtocolError || cause instanceof AgentUnavailableError) throw cause;
    throw unavailable(socketPath, "it gave no answer", cause);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", closeOnce);
    closeOnce();
  }
}

async function firstMessage(conn: Deno.UnixConn, path: string): Promise<Bytes> {
  const frames = new FrameDecoder();
  const buffer = new Uint8Array(READ_BYTES);
  try {
    for (let count = await conn.read(buffer); count; count = await conn.read(buffer)) {
      const [message] = frames.push(buffer.subarray(0, count));
      if (message) return message;
    }
  } finally {
    frames.clear();
    wipe(buffer);
  }
  throw unavailable(path, "it hung up");
}

async function connect(path: string): Promise<Deno.UnixConn> {
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (cause) {
    throw unavailable(path, "there is none", cause);
  }
}

function unavailable(path: string, detail: string, cause?: unknown): AgentUnavailableError {
  return new AgentUnavailableError(`Cannot reach an agent at "${path}": ${detail}`, { cause });
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
