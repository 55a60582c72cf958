import type { Counters, Limits } from "./limits.ts";

/** Decides who may come in, and keeps the books that the decision needs. */
export class Admission {
  readonly #limits: Limits;
  readonly #counters: Counters;
  readonly #addresses = new Tally();
  readonly #identities = new Tally();

  constructor(limits: Limits, counters: Counters) {
    this.#limits = limits;
    this.#counters = counters;
  }

  /** Takes a place for a handshake, or turns the peer away before any cryptography. */
  handshake(addr?: string): (() => void) | undefined {
    if (this.#counters.handshaking >= this.#limits.maxHandshakes) {
      this.#counters.refusedHandshakes++;
      return undefined;
    }
    if (!this.#hasRoom(addr)) return undefined;
    this.#counters.handshaking++;
    const leave = addr === undefined ? undefined : this.#addresses.enter(networkOf(addr));
    return once(() => {
      this.#counters.handshaking--;
      leave?.();
    });
  }

  /** Takes a place for a connection from an address. */
  connection(addr: string): (() => void) | undefined {
    if (!this.#hasRoom(addr)) return undefined;
    this.#counters.active++;
    const leave = this.#addresses.enter(networkOf(addr));
    return once(() => {
      this.#counters.active--;
      leave();
    });
  }

  /** Takes a place for a connection of an identity. */
  identity(id: string): (() => void) | undefined {
    if (this.#identities.count(id) >= this.#limits.maxConnectionsPerIdentity) {
      this.#counters.refusedIdentity++;
      return undefined;
    }
    return once(this.#identities.enter(id));
  }

  /** Takes both places at once, for a peer that is known before its connection is; both or none. */
  carried(addr: string, id: string | undefined): (() => void) | undefined {
    const leave = this.connection(addr);
    if (!leave || id === undefined) return leave;
    const leaveIdentity = this.identity(id);
    if (!leaveIdentity) return void leave();
    return () => {
      leave();
      leaveIdentity();
    };
  }

  #hasRoom(addr: string | undefined): boolean {
    if (this.#counters.active >= this.#limits.maxConnections) {
      this.#counters.refusedTotal++;
      return false;
    }
    if (addr === undefined) return true;
    const used = this.#addresses.count(networkOf(addr));
    if (used < this.#limits.maxConnectionsPerAddress) return true;
    this.#counters.refusedAddress++;
    return false;
  }
}

/** How many hold each key; keys nobody holds take no memory. */
class Tally {
  readonly #counts = new Map<string, number>();

  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  enter(key: string): () => void {
    this.#counts.set(key, this.count(key) + 1);
    return () => {
      const left = this.count(key) - 1;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    };
  }
}

/**
 * One customer, for limits: an IPv4 address, or the /64 that IPv6 hands to a single site (RFC 6177).
 *
 * @param addr An address as text.
 * @returns The same text for all addresses of the customer.
 *
 * @example
 * ```ts
 * import { networkOf } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(networkOf("2001:db8::1"), networkOf("2001:db8::2"));
 * ```
 */
export function networkOf(addr: string): string {
  const plain = addr.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  if (!plain.includes(":")) return plain;
  const groups = plain.replace(/%.*/, "").replace(/\d+(\.\d+){3}$/, "0:0");
  const [left = [], right = []] = groups.split("::").map((half) =>
    half.split(":").filter(Boolean).map((group) => group.replace(/^0+(?=.)/, ""))
  );
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0");
  return [...left, ...zeros, ...right].slice(0, 4).join(":");
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
