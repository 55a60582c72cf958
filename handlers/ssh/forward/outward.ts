import { lookup } from "node:dns/promises";

import { hasScope, type Identity, type Stream } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";

import type { ChannelOffer } from "../channel/multiplexer_hooks.ts";
import { OpenFailure, SshProtocolError } from "../errors.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import { plainAddress } from "./cidr.ts";
import { joinStreams } from "./join_streams.ts";
import { forwarder, type ForwardServices, mayReach } from "./services.ts";
import { hasForwardScope } from "./rules.ts";

/** Names that stand for something within alknet and are never dialled. */
const RESERVED_PREFIX = "alknet-";
const MAX_HOST_CHARACTERS = 255;

/** Serves a `direct-tcpip` channel (RFC 4254 section 7.2): the way to a host and port. */
export async function serveDirectTcp(
  offer: ChannelOffer,
  services: ForwardServices,
): Promise<void> {
  const { host, port } = destinationOf(offer);
  await serveForward(offer, services, (identity) => reachTcp(host, port, identity, services));
}

/** The host and port that an offer of a channel begins with. */
export function destinationOf({ data }: ChannelOffer): { host: string; port: number } {
  const reader = new SshReader(data);
  return { host: reader.text().toLowerCase(), port: reader.uint32() };
}

/** Serves a `direct-streamlocal@openssh.com` channel (OpenSSH PROTOCOL 2.4): the way to a socket. */
export async function serveDirectSocket(
  offer: ChannelOffer,
  services: ForwardServices,
): Promise<void> {
  const path = new SshReader(offer.data).text();
  await serveForward(offer, services, async (identity) => {
    if (!isSocketAllowed(path, identity, services)) return undefined;
    return socketStream(await Deno.connect({ transport: "unix", path }));
  });
}

/** Whether a socket may be reached, or listened on, by somebody. */
export function isSocketAllowed(
  path: string,
  identity: Identity,
  { socketPatterns }: ForwardServices,
): boolean {
  if (path.includes("\0") || path.split("/").includes("..") || !path.startsWith("/")) return false;
  return hasScope(identity, "ssh:socket") &&
    socketPatterns.some((each) =>
      each.endsWith("*") ? path.startsWith(each.slice(0, -1)) : path === each
    );
}

/**
 * Joins a channel with what `reach` resolves to: undefined for what is not allowed. It rejects for
 * what cannot be reached.
 */
export async function serveForward(
  offer: ChannelOffer,
  services: ForwardServices,
  reach: (identity: Identity) => Promise<Stream | undefined>,
): Promise<void> {
  const identity = forwarder(services);
  if (!identity) return offer.reject(OpenFailure.Prohibited, "not allowed");
  const leave = services.counter.enter(identity.id);
  if (!leave) return offer.reject(OpenFailure.ResourceShortage, "too many forwards");
  try {
    const target = await within(services.limits.connectTimeoutMs, () => reach(identity))
      .catch(() => null);
    if (target) await joinStreams(offer.accept(), target);
    else if (target === null) offer.reject(OpenFailure.ConnectFailed, "cannot be reached");
    else offer.reject(OpenFailure.Prohibited, "not allowed");
  } finally {
    leave();
  }
}

async function reachTcp(
  host: string,
  port: number,
  identity: Identity,
  services: ForwardServices,
): Promise<Stream | undefined> {
  const addresses = await allowedAddresses(host, port, identity, services);
  return addresses && await dialFirst(addresses, port);
}

/**
 * Resolves a name and asks for each address whether somebody may get there.
 *
 * @returns The addresses to use as they are, at least one; undefined where none is allowed.
 */
export async function allowedAddresses(
  host: string,
  port: number,
  identity: Identity,
  services: ForwardServices,
): Promise<string[] | undefined> {
  if (host === "" || host.length > MAX_HOST_CHARACTERS || host.startsWith(RESERVED_PREFIX)) {
    return undefined;
  }
  // Before any look-up: who may nothing here must not learn which names there are.
  if (!hasForwardScope(identity, "forward", host, port) || services.rules.length === 0) {
    return undefined;
  }
  const addresses = (await lookup(host, { all: true })).map((each) => plainAddress(each.address));
  const allowed = addresses.filter((address) =>
    mayReach(services, identity, { host, address, port })
  );
  return allowed.length > 0 ? allowed : undefined;
}

async function dialFirst(addresses: readonly string[], port: number): Promise<Stream> {
  let failure: unknown;
  for (const hostname of addresses) {
    try {
      const socket = await Deno.connect({ hostname, port });
      socket.setNoDelay(true);
      return socketStream(socket);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Gives up after a while; a stream that comes too late is closed. */
async function within<T extends Stream | undefined>(
  ms: number,
  open: () => Promise<T>,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reject(new SshProtocolError("Destination does not answer"));
  }, ms);
  const opening = open();
  opening.then((stream) => isLate && stream?.reset(), () => {});
  try {
    return await Promise.race([opening, promise]);
  } finally {
    clearTimeout(timer);
  }
}
