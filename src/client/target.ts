import { isIPv6 } from "node:net";
import { type Address, NodeIdError, parseNodeId } from "@alknet/core";
import { decodeTicket, looksLikeTicket } from "./ticket.ts";

/** Port of nodes and targets where none is given. */
export const DEFAULT_PORT = 4433;

/** How the server has to show who it is. */
export type Trust =
  | { readonly kind: "node-id"; readonly publicKey: Uint8Array<ArrayBuffer> }
  | { readonly kind: "leaf-hash"; readonly sha256: Uint8Array<ArrayBuffer> }
  | { readonly kind: "web-pki" };

/** Where to dial and whom to expect there. */
export interface Target {
  /** The text it was read from, for messages. */
  readonly text: string;
  /** Addresses to try; names are resolved when dialled. */
  readonly addresses: readonly Address[];
  /** Whom to trust. */
  readonly trust: Trust;
}

/** A known node, as configuration or a store names it. */
export interface KnownPeer {
  /** Its node id. */
  readonly nodeId: string;
  /** Where it may be reached, as `host:port`. */
  readonly addresses: readonly string[];
}

/** Thrown for a target that cannot be read. */
export class TargetError extends SyntaxError {
  /** The class's name. */
  override readonly name = "TargetError";
  /** Who has to act. */
  readonly blame = "user";
}

const FORMS = "write <node-id>@host:port, host:port, sha256:<hex>@host:port, a ticket or a peer";

/**
 * Reads what a person writes to name a node.
 *
 * - `<node-id>@host:port` trusts exactly that key (several addresses with commas)
 * - `sha256:<hex>@host:port` trusts exactly that certificate
 * - `host:port` trusts what browsers trust
 * - a ticket, or the name of a known peer
 *
 * @param text The target. Ports default to 4433; IPv6 addresses stand in brackets.
 * @param knownPeer Looks a peer's name up. Default: nobody is known.
 * @returns The target.
 * @throws {TargetError} When it is none of these.
 * @throws {TicketError} When it is a ticket that was cut off or mistyped.
 *
 * @example
 * ```ts
 * import { parseTarget } from "@alknet/client";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const { addresses, trust } = parseTarget("node.example:443");
 * deepStrictEqual(addresses, [{ hostname: "node.example", port: 443 }]);
 * deepStrictEqual(trust, { kind: "web-pki" });
 * ```
 */
export function parseTarget(
  text: string,
  knownPeer: (name: string) => KnownPeer | undefined = () => undefined,
): Target {
  const peer = knownPeer(text);
  if (peer) return targetOfPeer(text, peer);
  if (looksLikeTicket(text)) {
    const { nodeId, addresses } = decodeTicket(text);
    return { text: nodeId, addresses, trust: nodeTrust(nodeId) };
  }
  const at = text.lastIndexOf("@");
  const trust = at < 0 ? { kind: "web-pki" } as const : trustOf(text.slice(0, at));
  const addresses = text.slice(at + 1).split(",").map((part) => parseAddress(part));
  if (at < 0 && !/[.:]/.test(text) && text !== "localhost") {
    throw new TargetError(`Unknown peer "${text}": see "alknet peer list", or ${FORMS}`);
  }
  return { text, addresses, trust };
}

/**
 * Reads `host:port`.
 *
 * @param text Host name, IPv4 address or bracketed IPv6 address, with or without port.
 * @returns The address.
 * @throws {TargetError} When it is none.
 *
 * @example
 * ```ts
 * import { parseAddress } from "@alknet/client";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(parseAddress("[::1]:8443"), { hostname: "::1", port: 8443 });
 * ```
 */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-f:.]+(?:%\w+)?)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(text);
  const hostname = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  const bracketed = match?.[1] !== undefined;
  if (!hostname || hostname.length > 253 || port > 65_535 || (bracketed && !isIPv6(hostname))) {
    throw new TargetError(`Cannot read the address "${text.slice(0, 80)}": ${FORMS}`);
  }
  return { hostname, port };
}

function targetOfPeer(name: string, peer: KnownPeer): Target {
  if (peer.addresses.length === 0) {
    throw new TargetError(`Peer "${name}" has no address: alknet peer add ${name} --address …`);
  }
  const addresses = peer.addresses.map((each) => parseAddress(each));
  return { text: name, addresses, trust: nodeTrust(peer.nodeId) };
}

function trustOf(text: string): Trust {
  const hash = /^sha256:([0-9a-f]{64})$/i.exec(text)?.[1];
  return hash ? { kind: "leaf-hash", sha256: Uint8Array.fromHex(hash) } : nodeTrust(text);
}

function nodeTrust(nodeId: string): Trust {
  try {
    return { kind: "node-id", publicKey: parseNodeId(nodeId) };
  } catch (error) {
    if (!(error instanceof NodeIdError)) throw error;
    throw new TargetError(`${error.message}; ${FORMS}`, { cause: error });
  }
}
