import { NOBODY, StreamUnavailableError } from "@alknet/core";

import { type CallClient, clientOf } from "./client.ts";
import type { ConnectCallOptions } from "./connect_call.ts";
import { HARD_MAX_BYTES } from "./envelope.ts";
import { callLimits } from "./limits.ts";
import { CallLink } from "./link.ts";
import { IdentityLoads, Load } from "./load.ts";
import type { Carrier, PortMaker } from "./port.ts";
import { SocketPort } from "./socket_port.ts";

/**
 * Speaks the call protocol over a WebSocket this side opened: in a browser, or to a node whose QUIC
 * and TLS ports are out of reach. To be called in the turn in which the socket was made. Disposing of
 * the client takes back what is under way and closes the socket, which nobody else may use.
 *
 * @param socket To a path where a node has the protocol; it need not be open yet.
 * @param options What the peer may call here.
 *
 * @example
 * ```ts
 * import { call, callOverWebSocket } from "@alknet/call";
 * import { NOBODY } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * const clock = {
 *   kindOf: () => "query" as const,
 *   call: () => Promise.resolve("noon"),
 *   async *subscribe() {},
 * };
 * const handler = call({ dispatcher: clock });
 * const stop = new AbortController();
 * const remoteAddr = { hostname: "127.0.0.1", port: 0 };
 * await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
 *   const { socket, response } = Deno.upgradeWebSocket(request);
 *   const auth = { alpn: "http/1.1", remoteAddr };
 *   handler.acceptSocket(socket, { auth, identities: NOBODY, signal: stop.signal });
 *   return response;
 * });
 * const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}/`);
 * await using client = callOverWebSocket(socket);
 * strictEqual(await client.call("clock/now"), "noon");
 * ```
 */
export function callOverWebSocket(
  socket: WebSocket,
  options: ConnectCallOptions = {},
): CallClient {
  const { dispatcher, identities = NOBODY } = options;
  const limits = callLimits({ maxAnonymousFrameBytes: HARD_MAX_BYTES, ...options.limits });
  const caller = {
    identity: () => undefined,
    fromToken: (token: string) => identities.fromToken(token),
    address: "",
  };
  const load = new Load(limits, new IdentityLoads());
  const carrier = openedSocket(new SocketPort(socket));
  const link = new CallLink(carrier, { dispatcher, limits, load, caller });
  link.open().catch(() => {}); // the first request meets the same failure
  link.serve().catch(() => {}); // it has no streams to wait for
  return clientOf(link);
}

/** A socket this side opened: the one port is ours. */
function openedSocket(port: SocketPort): Carrier {
  let taken = false;
  return {
    incoming: none(),
    closed: port.closed,
    // deno-lint-ignore require-await -- the contract is a promise that rejects
    async open(): Promise<PortMaker> {
      if (taken) throw new StreamUnavailableError("Cannot open a stream: a WebSocket is one");
      taken = true;
      return (bounds) => port.bounded(bounds);
    },
  };
}

/** A socket the peer opened: the one port comes from there. */
export function acceptedSocket(port: SocketPort): Carrier {
  return {
    incoming: one(port),
    closed: port.closed,
    open: () =>
      Promise.reject(new StreamUnavailableError("Cannot open a stream: a WebSocket is one")),
  };
}

async function* none(): AsyncGenerator<PortMaker> {}

async function* one(port: SocketPort): AsyncGenerator<PortMaker> {
  yield (bounds) => port.bounded(bounds);
}
