import type { Identity, StoredPeer } from "@alknet/core";
import { hasScope, OWNER_ID } from "@alknet/core";
import type { IdentityChanges, Ownership } from "@alknet/store";

/** What an entry gives to whoever can act as it. */
export interface Holdings {
  readonly scopes?: readonly string[];
  /** Names of groups, with whatever those come to give. */
  readonly groups?: readonly string[];
  readonly resources?: Readonly<Record<string, readonly string[]>>;
  /** Id under which things are owned. */
  readonly id?: string;
}

/** What an {@linkcode Authority} is made of. */
export interface AuthorityOptions {
  readonly caller: Identity;
  /** Groups that the caller is in. */
  readonly memberOf: readonly string[];
  /** Scopes by the name of the group. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly ownership: Pick<Ownership, "ownsAnything">;
}

/**
 * What a caller may give to others, or take from them: nothing that it does not hold itself.
 *
 * - A scope: one of its own covers it, wildcards included.
 * - A group: it is in the group and holds the group's scopes now. To be in a group is to have what
 *   the group will be given later, so holding today's scopes is not enough, and a group that does
 *   not exist yet is not a harmless one.
 * - A resource: it is among its own.
 * - A name that owns things: it is its own name.
 *
 * Whoever has the scope `*` holds everything.
 */
export class Authority {
  readonly #options: AuthorityOptions;

  /** Judges by what the transaction sees. */
  constructor(options: AuthorityOptions) {
    this.#options = options;
  }

  /** The authority of a caller, by a transaction's view of its groups. */
  static async of(
    caller: Identity,
    changes: IdentityChanges,
    { ownership, storedHere }: {
      readonly ownership: Pick<Ownership, "ownsAnything">;
      /** Whether the caller's id is that of an entry in the store, and of no other. */
      readonly storedHere: boolean;
    },
  ): Promise<Authority> {
    const own = storedHere ? await changes.peer(caller.id) : undefined;
    const groups = await changes.groups();
    return new Authority({ caller, memberOf: own?.groups ?? [], groups, ownership });
  }

  /** Whether the caller holds everything there is. */
  get unbounded(): boolean {
    return this.#options.caller.scopes.includes("*");
  }

  /** The first thing that the caller does not hold, in words; undefined when it holds all. */
  beyond(holdings: Holdings): string | undefined {
    if (this.unbounded) return undefined;
    const { scopes = [], groups = [], resources = {}, id } = holdings;
    const scope = scopes.find((each) => !hasScope(this.#options.caller, each));
    if (scope !== undefined) return `scope ${scope}`;
    const group = groups.find((each) => !this.#holdsGroup(each));
    if (group !== undefined) return `group ${group}`;
    for (const [type, names] of Object.entries(resources)) {
      const name = names.find((each) => !this.#holdsResource(type, each));
      if (name !== undefined) return `resource ${type}/${name}`;
    }
    return id !== undefined && this.#ownsForAnother(id) ? `what "${id}" owns` : undefined;
  }

  #holdsGroup(name: string): boolean {
    const { caller, memberOf, groups } = this.#options;
    return memberOf.includes(name) &&
      (groups.get(name) ?? []).every((scope) => hasScope(caller, scope));
  }

  #holdsResource(type: string, name: string): boolean {
    const { resources } = this.#options.caller;
    return Object.hasOwn(resources, type) && (resources[type]?.includes(name) ?? false);
  }

  #ownsForAnother(id: string): boolean {
    return id !== this.#options.caller.id && this.#options.ownership.ownsAnything(id);
  }
}

/** Everything that acting as a peer gives. */
export function holdingsOf(peer: StoredPeer): Holdings {
  const { peerId: id, scopes, groups, resources } = peer;
  return { id, scopes, groups, resources };
}

/** Ids that nobody but the program gives. */
export function isReservedId(id: string): boolean {
  return id === OWNER_ID || id.startsWith("token:");
}
