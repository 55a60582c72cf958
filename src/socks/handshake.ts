import { ProxyProtocolError } from "./errors.ts";
import { parseConnect, PASSWORD_WANTED } from "./http_connect.ts";
import type { ProxyRequest } from "./proxy_request.ts";
import { parseRequest4, SOCKS4, SOCKS4_REJECTED } from "./socks4.ts";
import {
  credentialsReply,
  Method,
  methodReply,
  parseCredentials,
  parseGreeting,
  parseRequest5,
  type ProxyCredentials,
  SOCKS5,
} from "./socks5.ts";

/** What a {@linkcode ProxyHandshake} can be told. */
export interface ProxyHandshakeOptions {
  /** Whether name and password are right; then nobody else gets in. Default: nobody is asked. */
  readonly authenticate?: (credentials: ProxyCredentials) => boolean;
  /** Most bytes a client may send before its request is whole. Default: 16,384. */
  readonly maxBytes?: number;
}

/** What bytes led to. */
export interface HandshakeStep {
  /** What goes to the client now; empty for nothing. */
  readonly reply: Uint8Array;
  /** The request, once it is whole; the handshake is over then. */
  readonly request?: ProxyRequest;
  /** What came behind the request already: it belongs to the destination. */
  readonly rest: Uint8Array;
}

const DEFAULT_MAX_BYTES = 16_384;
const NOTHING = new Uint8Array();
const LETTER_C = 0x43;

/**
 * The beginning of a proxied connection, without its I/O.
 *
 * ```text
 *          ┌─ 5 ─ greeting ─┬─ none ───────────► request ─┐
 *  start ──┤                └─ password ─► known? ─► request ─┤
 *          ├─ 4 ─────────────────────────────► request ─┼─► over
 *          └─ "C" ───────────────────────────► CONNECT ─┘
 * ```
 *
 * Whatever is in the buffer is parsed from its start again with each piece that comes: the buffer
 * is small, so that no state of half-read fields is kept.
 */
export class ProxyHandshake {
  readonly #authenticate?: (credentials: ProxyCredentials) => boolean;
  readonly #maxBytes: number;
  #buffer: Uint8Array = NOTHING;
  #state: "start" | "password" | "request" | "over" = "start";
  #user?: string;

  /** Begins; the options say who may come in, and how much may be held. */
  constructor(options: ProxyHandshakeOptions = {}) {
    this.#authenticate = options.authenticate;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  /**
   * Takes what was read, in pieces of any size.
   *
   * @throws {ProxyProtocolError} For what is none of the protocols, too long, or not let in.
   */
  push(bytes: Uint8Array): HandshakeStep {
    this.#buffer = joined(this.#buffer, bytes);
    const replies: Uint8Array[] = [];
    let request: ProxyRequest | undefined;
    for (let before = -1; !request && before !== this.#buffer.length;) {
      before = this.#buffer.length;
      request = this.#step((reply) => replies.push(reply));
    }
    if (!request && this.#buffer.length > this.#maxBytes) {
      throw new ProxyProtocolError(`Request of more than ${this.#maxBytes} bytes`);
    }
    const rest = request ? this.#buffer : NOTHING;
    return { reply: replies.reduce(joined, NOTHING), request, rest };
  }

  #step(reply: (bytes: Uint8Array) => void): ProxyRequest | undefined {
    const [first] = this.#buffer;
    if (first === undefined || this.#state === "over") return undefined;
    switch (this.#state) {
      case "password":
        return void this.#password(reply);
      case "request":
        return this.#request(parseRequest5(this.#buffer));
    }
    if (first === SOCKS5) return void this.#greeting(reply);
    if (first === SOCKS4) return this.#socks4();
    if (first === LETTER_C) return this.#connect();
    throw new ProxyProtocolError(`Unknown proxy protocol: first byte ${first}`);
  }

  #greeting(reply: (bytes: Uint8Array) => void): void {
    const greeting = parseGreeting(this.#buffer);
    if (!greeting) return;
    const method = this.#authenticate ? Method.Password : Method.None;
    if (!greeting.value.includes(method)) {
      const none = methodReply(Method.NoneAcceptable);
      throw new ProxyProtocolError("No authentication method in common", { reply: none });
    }
    this.#take(greeting.used);
    this.#state = method === Method.Password ? "password" : "request";
    reply(methodReply(method));
  }

  #password(reply: (bytes: Uint8Array) => void): void {
    const credentials = parseCredentials(this.#buffer);
    if (!credentials) return;
    this.#assertKnown(credentials.value, credentialsReply(false));
    this.#take(credentials.used);
    this.#state = "request";
    reply(credentialsReply(true));
  }

  /** SOCKS 4 has a user and no password: where one is wanted, it cannot be used. */
  #socks4(): ProxyRequest | undefined {
    const parsed = parseRequest4(this.#buffer);
    if (parsed && this.#authenticate) {
      throw new ProxyProtocolError("SOCKS 4 has no password", { reply: SOCKS4_REJECTED });
    }
    return this.#request(parsed);
  }

  #connect(): ProxyRequest | undefined {
    const parsed = parseConnect(this.#buffer);
    if (!parsed) return undefined;
    const { request, credentials } = parsed.value;
    this.#assertKnown(credentials, PASSWORD_WANTED);
    return this.#request({ value: request, used: parsed.used });
  }

  #request(
    parsed: { readonly value: ProxyRequest; readonly used: number } | undefined,
  ): ProxyRequest | undefined {
    if (!parsed) return undefined;
    this.#take(parsed.used);
    this.#state = "over";
    return this.#user === undefined ? parsed.value : { ...parsed.value, user: this.#user };
  }

  #assertKnown(credentials: ProxyCredentials | undefined, reply: Uint8Array): void {
    if (!this.#authenticate) return;
    if (!credentials || !this.#authenticate(credentials)) {
      throw new ProxyProtocolError("Name or password is wrong", { reply });
    }
    this.#user = credentials.user;
  }

  #take(count: number): void {
    this.#buffer = this.#buffer.subarray(count);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
