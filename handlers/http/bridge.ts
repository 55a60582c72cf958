import type { Stream } from "@alknet/core";
import { endsWithin } from "@alknet/core/transport";

import { closeQuietly } from "./origin.ts";

const MIN_BUFFER_BYTES = 4_096;
const MAX_BUFFER_BYTES = 65_536;
/** How long a client may take to end its side after the server has ended the other. */
const LINGER_MS = 1_000;

/**
 * Carries bytes between a client's stream and a socket of the internal server until the server has
 * ended its side: each direction waits for its reader, ends with its writer, and breaks off with it.
 */
export async function bridge(stream: Stream, socket: Deno.TcpConn): Promise<void> {
  const upward = clientToServer(stream, socket);
  await serverToClient(stream, socket);
  if (!await endsWithin(upward, LINGER_MS)) stream.reset();
}

/** Ends the client's side of a connection towards the server, as though the client had. */
export async function endTowardsServer(socket: Deno.TcpConn): Promise<void> {
  try {
    await socket.closeWrite();
  } catch {
    closeQuietly(socket); // the server is gone already
  }
}

/** Resolves when the client has ended or left, whatever became of the server meanwhile. */
async function clientToServer(stream: Stream, socket: Deno.TcpConn): Promise<void> {
  const buffer = new PumpBuffer();
  let listening = true;
  try {
    for (;;) {
      const count = await stream.read(buffer.bytes);
      if (count === null) break;
      listening &&= await written(socket, buffer.bytes.subarray(0, count));
      buffer.adapt(count);
    }
    if (listening) await endTowardsServer(socket);
  } catch {
    closeQuietly(socket); // the client is gone: the request ends there
  }
}

async function serverToClient(stream: Stream, socket: Deno.TcpConn): Promise<void> {
  const buffer = new PumpBuffer();
  for (;;) {
    const count = await received(socket, buffer.bytes);
    if (count === undefined) return stream.reset();
    try {
      if (count === null) return await stream.closeWrite();
      await stream.write(buffer.bytes.subarray(0, count));
    } catch {
      return closeQuietly(socket); // the client is gone: the response ends there
    }
    buffer.adapt(count);
  }
}

/** False when the server reads no further; what the client still sends is then thrown away. */
async function written(socket: Deno.TcpConn, bytes: Uint8Array): Promise<boolean> {
  try {
    for (let sent = 0; sent < bytes.length;) sent += await socket.write(bytes.subarray(sent));
    return true;
  } catch {
    return false;
  }
}

/** Undefined when the connection broke. */
async function received(
  socket: Deno.TcpConn,
  buffer: Uint8Array,
): Promise<number | null | undefined> {
  try {
    return await socket.read(buffer);
  } catch {
    return undefined;
  }
}

/** Small for the many connections that idle, large for the few that do not. */
class PumpBuffer {
  bytes = new Uint8Array(MIN_BUFFER_BYTES);

  /** Grows after a read that filled it. */
  adapt(count: number): void {
    const { length } = this.bytes;
    if (count === length && length < MAX_BUFFER_BYTES) this.bytes = new Uint8Array(length * 4);
  }
}
