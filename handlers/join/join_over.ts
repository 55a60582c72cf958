import {
  type Connection,
  type Enrolled,
  EnrolmentError,
  ProtocolError,
  readFull,
} from "@alknet/core";
import { decodeLength, decodeReply, encodeRequest, LENGTH_BYTES } from "./join_wire.ts";

/** What the joining side shows. */
export interface JoinOverOptions {
  /** The invitation's secret, from its ticket. */
  readonly secret: Uint8Array<ArrayBuffer>;
  /** The name to have there. Default: what the invitation says. */
  readonly name?: string;
  /** Where this node can be dialled. Default: nowhere. */
  readonly addresses?: readonly string[];
}

/**
 * Joins a node with an invitation, over a connection on which this side has proved its key.
 *
 * @param conn A connection with the ALPN of {@linkcode join}.
 * @param options The invitation.
 * @returns Who this side is there now.
 * @throws {EnrolmentError} When the invitation does not help.
 * @throws {ProtocolError} When the node answers something else.
 * @throws {ConnectionClosedError} When the connection ends.
 *
 * @example
 * ```ts
 * import { memoryPair } from "@alknet/core/testing";
 * import { joinOver } from "@alknet/join";
 * import { rejects } from "node:assert/strict";
 *
 * const [conn, server] = memoryPair();
 * server.close();
 * await rejects(joinOver(conn, { secret: new Uint8Array(16) }));
 * ```
 */
export async function joinOver(conn: Connection, options: JoinOverOptions): Promise<Enrolled> {
  const { secret, name, addresses = [] } = options;
  const stream = await conn.openStream();
  await stream.write(encodeRequest({ secret, name, addresses }));
  await stream.closeWrite();
  const length = new Uint8Array(LENGTH_BYTES);
  if (!await readFull(stream, length)) throw new ProtocolError("Node closed without an answer");
  const json = new Uint8Array(decodeLength(length));
  if (!await readFull(stream, json)) throw new ProtocolError("Node closed within its answer");
  const reply = decodeReply(json);
  if ("fault" in reply) throw new EnrolmentError(reply.fault);
  return reply;
}
