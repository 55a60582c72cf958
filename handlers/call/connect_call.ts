import { type Connection, type Identity, type IdentityProvider, NOBODY } from "@alknet/core";
import type { Dispatcher } from "@alknet/operations";

import { type CallClient, clientOf } from "./client.ts";
import { HARD_MAX_BYTES } from "./envelope.ts";
import { type CallLimits, callLimits } from "./limits.ts";
import { CallLink } from "./link.ts";
import { IdentityLoads, Load } from "./load.ts";
import { connectionCarrier } from "./stream_port.ts";

/** What {@linkcode connectCall} can be told. */
export interface ConnectCallOptions {
  /** Operations for the peer to call on this side. Default: none. */
  readonly dispatcher?: Dispatcher;
  /** What the peer may make this side hold. Default: those of {@linkcode CallLimits}. */
  readonly limits?: Partial<CallLimits>;
  /** Who the peer that was dialled is here, as of now. Default: what the connection says. */
  readonly identity?: () => Identity | undefined;
  /** Resolves tokens in the peer's requests. Default: nobody. */
  readonly identities?: IdentityProvider;
}

/**
 * Speaks the call protocol on a connection this side dialled. Disposing of the client takes back
 * what is under way; the connection stays open and belongs to the caller.
 *
 * @param conn A connection with the ALPN `alknet/call`; nobody else may use its streams.
 * @param options What the peer may call here.
 *
 * @example
 * ```ts
 * import { connectCall } from "@alknet/call";
 * import { memoryPair } from "@alknet/core/testing";
 * import { strictEqual } from "node:assert/strict";
 *
 * const clock = {
 *   kindOf: () => "query" as const,
 *   call: () => Promise.resolve("noon"),
 *   async *subscribe() {},
 * };
 * const [here, there] = memoryPair();
 * await using client = connectCall(here);
 * await using _server = connectCall(there, { dispatcher: clock });
 * strictEqual(await client.call("clock/now"), "noon");
 * here.close();
 * ```
 */
export function connectCall(conn: Connection, options: ConnectCallOptions = {}): CallClient {
  const { dispatcher, identities = NOBODY, identity = () => conn.identity } = options;
  // The server proved who it is in the handshake: strangers' limits are not meant for it.
  const limits = callLimits({ maxAnonymousFrameBytes: HARD_MAX_BYTES, ...options.limits });
  const caller = {
    identity,
    fromToken: (token: string) => identities.fromToken(token),
    address: conn.remoteAddr.hostname,
  };
  const load = new Load(limits, new IdentityLoads());
  const link = new CallLink(connectionCarrier(conn), { dispatcher, limits, load, caller });
  link.open().catch(() => {}); // the first request meets the same failure
  link.serve().catch(() => {}); // a connection that fails ends its requests itself
  return clientOf(link);
}
