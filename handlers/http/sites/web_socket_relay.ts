import type { Stream } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";
import { getLogger } from "@logtape/logtape";

import { joined } from "../h1/h1_connection.ts";
import { parseResponseHead, type ResponseHead } from "../h1/response_head.ts";

/** What is held for a side that does not read, before both are closed, in bytes. */
const MAX_BUFFERED_BYTES = 16_777_216;

/** Close code for both when one is too slow; a client may not send 1013, "try again later". */
const TOO_SLOW = 4429;
const COPY_BYTES = 65_536;
const MAX_HEAD_BYTES = 65_536;

/** Thrown for a server that answers a handshake with something else. */
export class WebSocketRefusedError extends Error {
  /** The class's name. */
  override readonly name = "WebSocketRefusedError";
  /** Who has to act. */
  readonly blame = "remote";
  /** What it has answered, 300 to 599. */
  readonly head: ResponseHead;

  /** Takes what the server has answered. */
  constructor(head: ResponseHead) {
    super(`Server refuses the WebSocket: status ${head.status}`);
    this.head = head;
  }
}

const log = getLogger(["alknet", "http", "proxy"]);

/** How the server is asked. */
export interface RelayOptions {
  /** Path and query. */
  readonly target: string;
  /** Fields for the server. */
  readonly headers: Headers;
  /** Ends it while the server has not answered. */
  readonly signal: AbortSignal;
}

/** Whether a request asks for a WebSocket. */
export function isWebSocket(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/**
 * Opens a WebSocket to a server over a stream and joins it with the client's, message by message.
 * The server is asked first, so that the client gets the subprotocol it chose.
 *
 * @throws {WebSocketRefusedError} When the server refuses.
 * @throws {TypeError} When its answer is none.
 * @throws The signal's reason.
 */
export async function relayWebSocket(
  request: Request,
  stream: Stream,
  options: RelayOptions,
): Promise<Response> {
  const there = await webSocketOver(stream, options);
  const offered = there.protocol === "" ? {} : { protocol: there.protocol };
  const { socket: here, response } = Deno.upgradeWebSocket(request, offered);
  pass(here, there);
  pass(there, here);
  return response;
}

/**
 * Deno's WebSocket client dials addresses only, so it is given one: a door on loopback that takes
 * one connection, which is the stream. Its `Host` is put right on the way.
 */
async function webSocketOver(
  stream: Stream,
  { target, headers, signal }: RelayOptions,
): Promise<WebSocket> {
  const host = headers.get("host") ?? "";
  const door = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let refusal: ResponseHead | undefined;
  const carried = door.accept().then((conn) => {
    door.close();
    const onRefusal = (head: ResponseHead): void => void (refusal = head);
    return join(socketStream(conn), stream, { host, onRefusal });
  });
  carried.catch((error) => log.debug("proxy.websocket-ended", { error }));
  const url = `ws://127.0.0.1:${door.addr.port}${target}`;
  const protocols = (headers.get("sec-websocket-protocol") ?? "").split(",")
    .map((each) => each.trim()).filter((each) => each !== "");
  const socket = new WebSocket(url, { protocols, headers: withoutHandshake(headers) });
  socket.binaryType = "arraybuffer";
  const giveUp = (): void => stream.reset(); // the door's connection ends with it
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await opened(socket);
  } catch (error) {
    stream.reset(); // a server that has refused may keep its side open
    signal.throwIfAborted();
    throw refusal ? new WebSocketRefusedError(refusal) : error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** The client makes these anew. */
function withoutHandshake(headers: Headers): Headers {
  const copy = new Headers(headers);
  for (const name of [...copy.keys()]) if (name.startsWith("sec-websocket-")) copy.delete(name);
  copy.delete("host");
  return copy;
}

function opened(socket: WebSocket): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new TypeError("Server refuses the WebSocket"));
  });
}

interface Handshake {
  /** The `Host` for the server. */
  readonly host: string;
  /** Told of an answer that is no. */
  onRefusal(head: ResponseHead): void;
}

async function join(here: Stream, there: Stream, handshake: Handshake): Promise<void> {
  try {
    await Promise.all([
      sendUp(here, there, handshake.host),
      sendDown(there, here, handshake.onRefusal),
    ]);
  } finally {
    here.reset();
    there.reset();
  }
}

/** The handshake with its `Host` replaced, then everything as it is. */
async function sendUp(from: Stream, to: Stream, host: string): Promise<void> {
  let head = "";
  const buffer = new Uint8Array(COPY_BYTES);
  while (!head.includes("\r\n\r\n")) {
    const count = await from.read(buffer);
    if (count === null || head.length > MAX_HEAD_BYTES) return;
    for (const byte of buffer.subarray(0, count)) head += String.fromCharCode(byte);
  }
  const asked = head.replace(/^host:.*$/im, `host: ${host}`);
  await to.write(Uint8Array.from(asked, (character) => character.charCodeAt(0)));
  await copy(from, to);
}

/** The answer, which is looked at, and everything as it is. */
async function sendDown(
  from: Stream,
  to: Stream,
  onRefusal: Handshake["onRefusal"],
): Promise<void> {
  const buffer = new Uint8Array(COPY_BYTES);
  let head = new Uint8Array();
  let parsed: ReturnType<typeof parseResponseHead>;
  while (!parsed) {
    const count = await from.read(buffer);
    if (count === null) return;
    head = joined(head, buffer.subarray(0, count));
    parsed = parseResponseHead(head);
  }
  if (parsed.head.status >= 300) onRefusal(parsed.head);
  await to.write(head);
  await copy(from, to);
}

async function copy(from: Stream, to: Stream): Promise<void> {
  const buffer = new Uint8Array(COPY_BYTES);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    await to.write(buffer.subarray(0, count));
  }
  await to.closeWrite();
}

/** Messages one way, until either side ends. */
function pass(from: WebSocket, to: WebSocket): void {
  from.binaryType = "arraybuffer";
  const waiting: (string | ArrayBuffer)[] = [];
  to.addEventListener("open", () => {
    waiting.splice(0).forEach((data) => to.send(data));
    if (from.readyState === WebSocket.CLOSED) to.close(); // meanwhile
  });
  from.addEventListener("message", ({ data }) => {
    if (to.readyState === WebSocket.CONNECTING) waiting.push(data);
    else if (to.readyState === WebSocket.OPEN) to.send(data);
    if (to.bufferedAmount > MAX_BUFFERED_BYTES) {
      from.close(TOO_SLOW, "too slow");
      to.close(TOO_SLOW, "too slow");
    }
  });
  from.addEventListener("close", ({ code, reason }) => {
    if (to.readyState === WebSocket.OPEN) to.close(...closing(code, reason));
  });
}

/** Codes that stand for no close frame cannot be sent (RFC 6455 section 7.4.1). */
function closing(code: number, reason: string): [code?: number, reason?: string] {
  return code === 1000 || (code >= 3000 && code < 5000) ? [code, reason] : [];
}
