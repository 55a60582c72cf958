import type { Identity } from "@alknet/core";
import {
  anyPeer,
  OperationConflictError,
  OperationDefinitionError,
  type OperationRegistry,
  type OperationSpec,
  type PeerCompositeEnv,
  type PeerRef,
  reexport,
  SchemaError,
  specificPeer,
} from "@alknet/operations";
import { getLogger } from "@logtape/logtape";

import type { ReexportConfig } from "../config/reexports.ts";

const log = getLogger(["alknet", "peers"]);

/** Offered here, on behalf of a rule. */
interface Offered {
  readonly rule: ReexportConfig;
  /** The peer's. */
  readonly spec: OperationSpec;
}

/**
 * Offers operations of peers as this node's own, by the rules of `[[reexport]]`, for as long as one
 * of the peers meant has them.
 */
export class Reexports {
  readonly #rules: readonly ReexportConfig[];
  readonly #registry: OperationRegistry;
  readonly #env: PeerCompositeEnv;
  /** By the name here. */
  readonly #offered = new Map<string, Offered>();

  /** @param rules The first that fits an operation counts. */
  constructor(
    rules: readonly ReexportConfig[],
    registry: OperationRegistry,
    env: PeerCompositeEnv,
  ) {
    this.#rules = rules;
    this.#registry = registry;
    this.#env = env;
  }

  /** Takes up what a peer offers now, and takes back what nobody offers any more. */
  changed(peer: string): void {
    for (const [name, offered] of this.#offered) this.#refresh(name, offered);
    if (this.#rules.length === 0) return;
    const { operations = [] } = this.#env.peer(peer) ?? {};
    for (const spec of operations) {
      for (const rule of this.#rules) {
        const name = nameIn(rule, spec.name);
        if (fits(rule, peer, spec.name) && !this.#offered.has(name)) {
          this.#offer(name, { rule, spec });
        }
      }
    }
  }

  /**
   * Whether a caller is to be told of an operation: not of what it would be asked for itself, else
   * two nodes that attach each other would offer each other their own.
   */
  offers(name: string, caller: Identity | undefined): boolean {
    const offered = this.#offered.get(name);
    if (!offered || !caller) return true;
    return this.#servers(offered).some((peer) => peer !== caller.id);
  }

  /** Another peer's description takes the place of one that is gone. */
  #refresh(name: string, offered: Offered): void {
    const [first] = this.#servers(offered);
    const spec = first === undefined ? undefined : this.#env.spec(first, offered.spec.name);
    if (spec && isSame(spec, offered.spec)) return;
    this.#offered.delete(name);
    this.#registry.unregister(name);
    if (spec) this.#offer(name, { ...offered, spec });
  }

  #servers({ rule, spec }: Offered): string[] {
    return this.#env.serving(spec.name).filter((peer) => rule.peer === "any" || peer === rule.peer);
  }

  #offer(name: string, { rule, spec }: Offered): void {
    const { scopes } = rule;
    try {
      const own = reexport(spec, { access: { requiredScopes: scopes }, peer: refOf(rule), name });
      this.#registry.register(own.operation, own.grants);
      this.#offered.set(name, { rule, spec });
    } catch (error) {
      const known = error instanceof OperationConflictError ||
        error instanceof OperationDefinitionError || error instanceof SchemaError;
      if (!known) throw error;
      log.warn("reexport.refused", { operation: name, error }); // this node's own stays
    }
  }
}

/** A peer that is imported anew brings new objects; whoever listens is spared what is the same. */
function isSame(a: OperationSpec, b: OperationSpec): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function refOf({ peer, policy }: ReexportConfig): PeerRef {
  return peer === "any" ? anyPeer({ policy }) : specificPeer(peer);
}

function nameIn({ prefix }: ReexportConfig, name: string): string {
  return prefix === "" ? name : `${prefix}/${name}`;
}

function fits(rule: ReexportConfig, peer: string, name: string): boolean {
  if (rule.peer !== "any" && rule.peer !== peer) return false;
  return rule.operations.some((pattern) =>
    pattern.endsWith("/*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name
  );
}
