import type { Identity } from "@alknet/core";

import type { Login } from "../auth/login.ts";
import type { Multiplexer } from "../channel/multiplexer.ts";
import type { IdentityCounter } from "../identity_counter.ts";
import type { ForwardLimits } from "./limits.ts";
import { type Destination, type ForwardRule, isForwardAllowed } from "./rules.ts";

/** What forwarding in one connection goes by. */
export interface ForwardServices {
  /** Who is logged in. */
  readonly login: Login;
  /** Where connections may be made to. */
  readonly rules: readonly ForwardRule[];
  /** Where may be listened. */
  readonly listenRules: readonly ForwardRule[];
  /** Paths of Unix sockets that may be reached and listened on; `*` at the end. */
  readonly socketPatterns: readonly string[];
  /** Bounds. */
  readonly limits: ForwardLimits;
  /** What each identity has open. */
  readonly counter: IdentityCounter;
  /** Where channels to the client are opened. */
  multiplexer(): Multiplexer | undefined;
}

/** Who is logged in, as long as it may forward. */
export function forwarder({ login }: ForwardServices): Identity | undefined {
  return login.restrictions.forwarding === false ? undefined : login.identity();
}

/** Whether the node's rules and the key of whoever is logged in both let it get somewhere. */
export function mayReach(
  { rules, login: { restrictions: { permitOpen } } }: ForwardServices,
  identity: Identity,
  destination: Destination,
): boolean {
  return isForwardAllowed(rules, identity, destination) &&
    (permitOpen === undefined || isForwardAllowed(permitOpen, identity, destination));
}

/** The same of listening on an address. */
export function mayListen(
  { listenRules, login: { restrictions: { permitListen } } }: ForwardServices,
  identity: Identity,
  place: Destination,
): boolean {
  return isForwardAllowed(listenRules, identity, place) &&
    (permitListen === undefined || isForwardAllowed(permitListen, identity, place));
}
