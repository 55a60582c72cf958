import type { Connection } from "./connection.ts";
import type { AuthContext, IdentityProvider } from "./identity.ts";

/**
 * Whether connections for a handler's ALPNs begin with the proof of a peer key
 * (docs/protocol/auth.md). It is part of the protocol: both sides know it from the ALPN.
 *
 * - `"none"`: no proof on the wire; the protocol authenticates by itself, or not at all.
 * - `"optional"`: the exchange runs; strangers and the anonymous are let in without an identity.
 * - `"required"`: the exchange runs; only keys the identity provider knows reach the handler.
 */
export type PeerAuth = "none" | "optional" | "required";

/** What the endpoint hands to a handler beside the connection. */
export interface HandlerContext {
  /** Who the peer is, as far as the connection told. */
  readonly auth: AuthContext;
  /** Resolves further credentials (tokens, SSH keys) that the handler's own protocol carries. */
  readonly identities: IdentityProvider;
  /** Aborts when the connection is over or the node shuts down: finish what is under way. */
  readonly signal: AbortSignal;
  /**
   * The port at which QUIC is to be had under the very certificate that this connection, over TLS,
   * shows for its server name: who believes the one believes the other. As of now: certificates
   * change. Undefined where there is none, and for connections that no listener has taken.
   */
  readonly quicPort?: number | undefined;
}

/**
 * A protocol: the one thing to implement, as a value given to `serve({ handlers })`.
 *
 * For each connection whose handshake chose one of `alpn`, the endpoint runs `accept` as a task of
 * its own. When it resolves, the peer gets a moment to close, then the connection is closed with
 * code 0. When it rejects, the connection is closed with code 1 and the error is logged here, not
 * sent there. Neither that nor a handler that hangs touches any other connection. At shutdown
 * `ctx.signal` aborts and `conn.streams` ends; after the drain time connections are closed with
 * code 5, then `shutdown` is called once.
 */
export interface Handler {
  /** Short lower-case name for configuration, logs and counters. */
  readonly name: string;
  /** ALPN identifiers this handler serves, most wanted first. */
  readonly alpn: readonly string[];
  /** Whether a peer key is asked for. Default: `"none"`. */
  readonly peerAuth?: PeerAuth;
  /** Serves one connection to its end. */
  accept(conn: Connection, ctx: HandlerContext): Promise<void>;
  /** Releases what the handler holds, after its last connection is gone. */
  shutdown?(): Promise<void>;
}
