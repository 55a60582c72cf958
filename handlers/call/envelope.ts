/** The unit of the protocol, on every transport (docs/protocol/call.md). */
export interface EventEnvelope {
  /** What happens, such as `call.requested`. */
  readonly type: string;
  /** The request it belongs to, chosen by the caller; empty for the stream itself. */
  readonly id: string;
  /** Any JSON; its shape goes with the type. */
  readonly payload: unknown;
}

/** Largest envelope of all, in bytes. */
export const HARD_MAX_BYTES = 67_108_864;

/** Longest request id, in UTF-16 code units. */
export const MAX_ID_LENGTH = 256;

/** Why bytes are no envelope. */
export type WireFault = "empty" | "too-large" | "truncated" | "utf-8" | "json" | "shape";

/** Thrown for bytes that are no frame or envelope, and for values that cannot become one. */
export class CallWireError extends Error {
  /** The class's name. */
  override readonly name = "CallWireError";
  /** Who has to act: remote for bytes, local for values. */
  readonly blame: "local" | "remote";
  /** What is wrong. */
  readonly fault: WireFault;

  /** Says what is wrong, in words the peer may read. */
  constructor(fault: WireFault, message: string, options?: ErrorOptions & { blame?: "local" }) {
    super(message, options);
    this.fault = fault;
    this.blame = options?.blame ?? "remote";
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Writes an envelope as UTF-8 JSON: what a WebSocket message holds, and a frame after its length.
 *
 * @param envelope What to write.
 * @param maxBytes Refuse more than this. Default: 64 MiB.
 * @throws {CallWireError} When it is too large, or its payload is nothing JSON can hold.
 *
 * @example
 * ```ts
 * import { decodeEnvelope, encodeEnvelope } from "@alknet/call";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const envelope = { type: "call.aborted", id: "1", payload: {} };
 * deepStrictEqual(decodeEnvelope(encodeEnvelope(envelope)), envelope);
 * ```
 */
export function encodeEnvelope(
  envelope: EventEnvelope,
  maxBytes: number = HARD_MAX_BYTES,
): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(toJson(envelope));
  if (bytes.length <= maxBytes) return bytes;
  const text = `Cannot send an envelope of ${bytes.length} bytes: at most ${maxBytes}`;
  throw new CallWireError("too-large", text, { blame: "local" });
}

/**
 * Reads an envelope. Members it does not know are left out; types it does not know are kept.
 *
 * @param bytes UTF-8 JSON, without a length before it.
 * @param maxBytes Refuse more than this. Default: 64 MiB.
 * @throws {CallWireError} For anything that is no envelope.
 */
export function decodeEnvelope(
  bytes: Uint8Array,
  maxBytes: number = HARD_MAX_BYTES,
): EventEnvelope {
  checkLength(bytes.length, maxBytes);
  const value = parse(bytes);
  if (typeof value !== "object" || value === null || !("payload" in value)) throw badShape();
  const { type, id, payload } = value as { type?: unknown; id?: unknown; payload: unknown };
  if (typeof type !== "string" || typeof id !== "string" || id.length > MAX_ID_LENGTH) {
    throw badShape();
  }
  return { type, id, payload };
}

/**
 * Checks a length that a peer announced or sent.
 *
 * @throws {CallWireError} For 0, and for more than the limit or 64 MiB.
 */
export function checkLength(length: number, maxBytes: number): void {
  const max = Math.min(maxBytes, HARD_MAX_BYTES);
  if (length === 0) throw new CallWireError("empty", "Envelope of length 0");
  if (length <= max) return;
  throw new CallWireError("too-large", `Envelope of ${length} bytes: at most ${max}`);
}

function toJson({ type, id, payload }: EventEnvelope): string {
  try {
    return JSON.stringify({ type, id, payload: payload === undefined ? null : payload });
  } catch (error) {
    const options = { cause: error, blame: "local" as const };
    throw new CallWireError("json", "Cannot send an envelope: its payload is not JSON", options);
  }
}

function parse(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (error) {
    throw new CallWireError("utf-8", "Cannot read an envelope: not UTF-8", { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CallWireError("json", "Cannot read an envelope: not JSON", { cause: error });
  }
}

function badShape(): CallWireError {
  const wanted = `"type", "id" of at most ${MAX_ID_LENGTH} characters and "payload"`;
  return new CallWireError("shape", `Cannot read an envelope: it needs ${wanted}`);
}
