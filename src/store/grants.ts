import { parseList, parseResources, type Resources } from "./json_columns.ts";

/** What a row of `peers` grants; peers with equal grants share one. */
export interface Grants {
  readonly own: readonly string[];
  readonly groups: readonly string[];
  readonly resources: Resources;
}

/** Own scopes and those of groups, worked out once for all peers that share grants. */
export class GrantTable {
  readonly #grants = new Map<string, Grants>();
  readonly #effective = new Map<Grants, readonly string[]>();
  #groups: ReadonlyMap<string, readonly string[]> = new Map();

  /** Scopes by the name of the group. */
  get groups(): ReadonlyMap<string, readonly string[]> {
    return this.#groups;
  }

  set groups(groups: ReadonlyMap<string, readonly string[]>) {
    this.#groups = groups;
    this.#effective.clear();
  }

  /**
   * Reads three columns of JSON text.
   *
   * @throws {StoreSerializationError} When they are none.
   */
  parse(scopes: string, groups: string, resources: string): Grants {
    const text = `${scopes}\n${groups}\n${resources}`; // JSON text has no bare line feed
    const known = this.#grants.get(text);
    if (known) return known;
    const grants = {
      own: parseList(scopes),
      groups: parseList(groups),
      resources: parseResources(resources),
    };
    if (this.#grants.size >= MAX_SHARED) this.#grants.clear();
    this.#grants.set(text, grants);
    return grants;
  }

  /** Everything that is granted: own scopes and those of all groups. */
  scopesOf(grants: Grants): readonly string[] {
    if (grants.groups.length === 0) return grants.own;
    const known = this.#effective.get(grants);
    if (known) return known;
    const scopes = [
      ...new Set([
        ...grants.own,
        ...grants.groups.flatMap((name) => this.#groups.get(name) ?? []),
      ]),
    ];
    if (this.#effective.size >= MAX_SHARED) this.#effective.clear();
    this.#effective.set(grants, scopes);
    return scopes;
  }
}

/** Most different grants remembered for sharing; more than that cost memory, nothing else. */
const MAX_SHARED = 10_000;
