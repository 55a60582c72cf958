import { H3ErrorCode } from "./error_code.ts";
import { H3ConnectionError } from "./errors.ts";
import type { FrameRule } from "./frame_parser.ts";
import { FrameType, isHttp2FrameType } from "./frame_type.ts";
import { parsePriority, type Priority } from "./priority.ts";
import { decodeSettings, type H3Settings } from "./settings.ts";
import { isExact, readVarint, varintLengthFrom } from "./varint.ts";

/** Which end of the connection this is. */
export type Role = "client" | "server";

/** What a frame on the control stream means for the rest of the connection. */
export type ControlEvent =
  | { readonly kind: "settings"; readonly settings: H3Settings }
  | { readonly kind: "goaway"; readonly id: number }
  | { readonly kind: "priority"; readonly streamId: number; readonly priority: Priority }
  | { readonly kind: "nothing" };

const NOTHING: ControlEvent = { kind: "nothing" };
/** Longest frame taken on a control stream; real ones have some 100 bytes. */
const MAX_CONTROL_FRAME_BYTES = 8_192;
const UNEXPECTED: ReadonlySet<number> = new Set([
  FrameType.Data,
  FrameType.Headers,
  FrameType.PushPromise,
  FrameType.WebTransportStream,
]);
const FROM_CLIENTS: ReadonlySet<number> = new Set([
  FrameType.MaxPushId,
  FrameType.PriorityUpdateRequest,
  FrameType.PriorityUpdatePush,
]);
const KNOWN: ReadonlySet<number> = new Set([
  FrameType.CancelPush,
  FrameType.Settings,
  FrameType.Goaway,
  ...FROM_CLIENTS,
]);

/**
 * The peer's control stream (RFC 9114 sections 6.2.1 and 7.2, RFC 9218 section 7.2): SETTINGS first
 * and once, then what each side may send.
 *
 * Server push is neither offered nor allowed, so every push ID is one that cannot be.
 */
export class ControlState {
  readonly #role: Role;
  #settled = false;
  #maxPushId = -1;
  #goawayId = Infinity;

  /** @param role Which end this is; the frames come from the other. */
  constructor(role: Role) {
    this.#role = role;
  }

  /** What to do with a frame of that type; throws when it may not be there. */
  rule(type: number): FrameRule {
    if (!this.#settled && type !== FrameType.Settings) {
      throw failed(H3ErrorCode.MissingSettings, "Control stream does not begin with SETTINGS");
    }
    const wrongSide = this.#role === "client" && FROM_CLIENTS.has(type);
    const again = this.#settled && type === FrameType.Settings;
    if (UNEXPECTED.has(type) || isHttp2FrameType(type) || wrongSide || again) {
      throw failed(H3ErrorCode.FrameUnexpected, `Frame of type ${type} on a control stream`);
    }
    return KNOWN.has(type) ? MAX_CONTROL_FRAME_BYTES : "skip";
  }

  /** Takes a whole frame. */
  receive(type: number, payload: Uint8Array): ControlEvent {
    switch (type) {
      case FrameType.Settings:
        this.#settled = true;
        return { kind: "settings", settings: decodeSettings(payload) };
      case FrameType.Goaway:
        return this.#goaway(onlyVarint(payload));
      case FrameType.MaxPushId:
        return this.#allowPushes(onlyVarint(payload));
      case FrameType.PriorityUpdateRequest:
        return priorityUpdate(payload);
      default:
        onlyVarint(payload.subarray(0, varintLengthFrom(payload[0] ?? 0)));
        throw failed(H3ErrorCode.IdError, "No push with this ID was promised or allowed");
    }
  }

  /** RFC 9114 section 5.2: a client is told a request's ID, a server a push's; neither may grow. */
  #goaway(id: number): ControlEvent {
    const wrong = this.#role === "client" && id % 4 !== 0;
    if (wrong || id > this.#goawayId) throw failed(H3ErrorCode.IdError, `GOAWAY with ID ${id}`);
    this.#goawayId = id;
    return { kind: "goaway", id };
  }

  #allowPushes(id: number): ControlEvent {
    if (id < this.#maxPushId) throw failed(H3ErrorCode.IdError, "MAX_PUSH_ID became smaller");
    this.#maxPushId = id;
    return NOTHING;
  }
}

function priorityUpdate(payload: Uint8Array): ControlEvent {
  const length = varintLengthFrom(payload[0] ?? 0);
  const streamId = onlyVarint(payload.subarray(0, length));
  if (streamId % 4 !== 0 || !isExact(streamId)) {
    throw failed(H3ErrorCode.IdError, `PRIORITY_UPDATE for stream ${streamId}`);
  }
  const text = String.fromCharCode(...payload.subarray(length));
  return { kind: "priority", streamId, priority: parsePriority(text) };
}

/** The one varint a payload consists of. */
function onlyVarint(payload: Uint8Array): number {
  const value = readVarint(payload, 0);
  if (value === undefined || payload.length !== varintLengthFrom(payload[0] ?? 0)) {
    throw failed(H3ErrorCode.FrameError, "Frame holds something else than one ID");
  }
  return value;
}

function failed(code: H3ErrorCode, message: string): H3ConnectionError {
  return new H3ConnectionError(code, message);
}
