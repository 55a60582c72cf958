import {
  type Applicant,
  type Connection,
  type Enrolment,
  EnrolmentError,
  formatNodeId,
  type Handler,
  type HandlerContext,
  ProtocolError,
  readFull,
  type Stream,
} from "@alknet/core";
import { getLogger } from "@logtape/logtape";
import {
  decodeLength,
  decodeRequest,
  encodeReply,
  type JoinReply,
  type JoinRequest,
  LENGTH_BYTES,
} from "./join_wire.ts";

/** ALPN identifier of the join protocol. */
export const ALPN = "alknet/join";

/** What {@linkcode join} can be told. */
export interface JoinOptions {
  /** Turns invitations into peers. */
  readonly enrolment: Enrolment;
  /** Time a peer has to say what it wants, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
}

const log = getLogger(["alknet", "join"]);
const TIMEOUT_MS = 10_000;
const KEY = /^ed25519:([0-9a-f]{64})$/;

/**
 * Makes the join handler: a node that proves its key and shows an invitation becomes a peer
 * (docs/protocol/join.md). Strangers reach it; that is what it is for.
 *
 * @param options What turns invitations into peers.
 * @returns A handler to register on an endpoint.
 *
 * @example
 * ```ts
 * import { EnrolmentError } from "@alknet/core";
 * import { join } from "@alknet/join";
 * import { strictEqual } from "node:assert/strict";
 *
 * const handler = join({
 *   enrolment: { redeem: () => Promise.reject(new EnrolmentError("unknown")) },
 * });
 * strictEqual(handler.peerAuth, "optional");
 * ```
 */
export function join(options: JoinOptions): Handler {
  return {
    name: "join",
    alpn: [ALPN],
    peerAuth: "optional",
    accept: (conn, ctx) => accept(conn, ctx, options),
  };
}

/** One request a connection: whoever guesses has to come again, and meets the limits each time. */
async function accept(
  conn: Connection,
  { auth }: HandlerContext,
  { enrolment, timeoutMs = TIMEOUT_MS }: JoinOptions,
): Promise<void> {
  const timer = setTimeout(() => conn.close(), timeoutMs);
  try {
    for await (const stream of conn.streams) {
      const request = await readRequest(stream);
      await stream.write(encodeReply(await redeem(request, auth, enrolment)));
      await stream.closeWrite();
      return;
    }
  } finally {
    clearTimeout(timer);
  }
}

async function readRequest(stream: Stream): Promise<JoinRequest> {
  const length = new Uint8Array(LENGTH_BYTES);
  if (!await readFull(stream, length)) throw new ProtocolError("Peer left without a word");
  const json = new Uint8Array(decodeLength(length));
  if (!await readFull(stream, json)) throw new ProtocolError("Peer left within its request");
  return decodeRequest(json);
}

async function redeem(
  { secret, name, addresses }: JoinRequest,
  auth: HandlerContext["auth"],
  enrolment: Enrolment,
): Promise<JoinReply> {
  try {
    const enrolled = await enrolment.redeem(secret, { ...keyOf(auth), name, addresses });
    log.info("peer.joined", { peer: enrolled.peerId, remote: auth.remoteAddr.hostname });
    return enrolled;
  } catch (error) {
    if (!(error instanceof EnrolmentError)) throw error;
    log.info("join.refused", { fault: error.fault, remote: auth.remoteAddr.hostname });
    return { fault: error.fault };
  } finally {
    secret.fill(0);
  }
}

/** A peer without a node key cannot be dialled back, so it cannot join this way. */
function keyOf({ fingerprint }: HandlerContext["auth"]): Pick<Applicant, "nodeId" | "fingerprint"> {
  const hex = KEY.exec(fingerprint ?? "")?.[1];
  if (!fingerprint || !hex) throw new ProtocolError("Peer proved no node key");
  return { nodeId: formatNodeId(Uint8Array.fromHex(hex)), fingerprint };
}
