import type { Role } from "./control_state.ts";
import { H3ErrorCode } from "./error_code.ts";
import { H3ConnectionError, H3StreamError } from "./errors.ts";
import type { FrameRule } from "./frame_parser.ts";
import { FrameType, isHttp2FrameType } from "./frame_type.ts";

/** What a {@linkcode RequestState} is told of its stream. */
export interface RequestStateOptions {
  /** Which end this is; the message comes from the other. */
  readonly role: Role;
  /** Largest encoded field section. */
  readonly maxFieldSectionBytes: number;
  /** Whether the stream may turn out to be one of a WebTransport session's. */
  readonly sessions: boolean;
}

const FORBIDDEN: ReadonlySet<number> = new Set([
  FrameType.CancelPush,
  FrameType.Settings,
  FrameType.Goaway,
  FrameType.MaxPushId,
  FrameType.PriorityUpdateRequest,
  FrameType.PriorityUpdatePush,
]);

/**
 * One message on a request stream, as its receiver sees it (RFC 9114 section 4.1):
 *
 * ```text
 *          HEADERS (1xx)            DATA
 *             ┌──┐                  ┌──┐
 *             │  ▼                  │  ▼
 *   ─────────▶ head ──HEADERS──▶ content ──HEADERS──▶ trailers ──end──▶ done
 *                                   └────────────end──────────────────▶ done
 * ```
 *
 * A CONNECT tunnel has DATA only, for ever (section 4.4).
 */
export class RequestState {
  readonly #options: RequestStateOptions;
  #phase: "start" | "head" | "content" | "tunnel" | "trailers" = "start";
  #expected?: number;
  #received = 0;

  /** Waits for the head. */
  constructor(options: RequestStateOptions) {
    this.#options = options;
  }

  /** What to do with a frame of that type; throws when it may not be there. */
  rule(type: number): FrameRule {
    if (type === FrameType.WebTransportStream && this.#options.sessions) return this.#sessionRule();
    if (FORBIDDEN.has(type) || isHttp2FrameType(type)) throw unexpected(type);
    if (type === FrameType.PushPromise) {
      if (this.#options.role === "server") throw unexpected(type);
      throw new H3ConnectionError(H3ErrorCode.IdError, "A push was promised that is not allowed");
    }
    if (type === FrameType.Headers) return this.#headersRule();
    if (type === FrameType.Data) return this.#dataRule();
    if (this.#phase === "start") this.#phase = "head";
    return "skip";
  }

  /** A field section has arrived; says whether it is a head or the trailers. */
  headers(): "head" | "trailers" {
    if (this.#phase === "start" || this.#phase === "head") {
      this.#phase = "head";
      return "head";
    }
    this.#phase = "trailers";
    return "trailers";
  }

  /**
   * The head was final: content may follow.
   *
   * @param contentLength What the head announced, if it did.
   */
  headIsFinal(contentLength?: number): void {
    this.#phase = "content";
    this.#expected = contentLength;
  }

  /** The head opened a tunnel. */
  tunnelOpens(): void {
    this.#phase = "tunnel";
  }

  /**
   * A frame of content begins.
   *
   * @throws {H3StreamError} When there is more than announced (RFC 9114 section 4.1.2).
   */
  content(length: number): void {
    this.#received += length;
    if (this.#expected !== undefined && this.#received > this.#expected) throw this.#wrongLength();
  }

  /**
   * The stream has ended.
   *
   * @throws {H3StreamError} When the message is not complete.
   */
  end(): void {
    if (this.#phase === "start" || this.#phase === "head") {
      throw new H3StreamError(H3ErrorCode.RequestIncomplete, "Stream ended before its head");
    }
    if (this.#expected !== undefined && this.#received !== this.#expected) {
      throw this.#wrongLength();
    }
  }

  #sessionRule(): FrameRule {
    if (this.#phase === "start") return "session";
    throw new H3ConnectionError(H3ErrorCode.FrameError, "WebTransport stream within a message");
  }

  #headersRule(): FrameRule {
    if (this.#phase === "trailers" || this.#phase === "tunnel") throw unexpected(FrameType.Headers);
    return this.#options.maxFieldSectionBytes;
  }

  #dataRule(): FrameRule {
    if (this.#phase === "content" || this.#phase === "tunnel") return "content";
    throw unexpected(FrameType.Data);
  }

  #wrongLength(): H3StreamError {
    const message = `Content of ${this.#received} bytes, announced with ${this.#expected}`;
    return new H3StreamError(H3ErrorCode.MessageError, message);
  }
}

function unexpected(type: number): H3ConnectionError {
  const message = `Frame of type ${type} does not belong here`;
  return new H3ConnectionError(H3ErrorCode.FrameUnexpected, message);
}
