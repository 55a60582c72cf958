/** Something with a place in an order. */
export interface Placed {
  /** Grows with each newcomer. */
  readonly order: number;
}

const NONE: readonly never[] = [];

/** Who serves a name, in their order; kept so that a call does not look through everybody. */
export class NameIndex<Server extends Placed> {
  readonly #byName = new Map<string, Server[]>();

  /** Everybody who serves a name. */
  serving(name: string): readonly Server[] {
    return this.#byName.get(name) ?? NONE;
  }

  /** Takes up what somebody serves now instead of before. */
  update(server: Server, before: Iterable<string>, now: ReadonlySet<string>): void {
    const old = new Set(before);
    for (const name of old) if (!now.has(name)) this.#remove(name, server);
    for (const name of now) if (!old.has(name)) this.#add(name, server);
  }

  /** The place of the first whose order is above a number; 0 where nobody's is. */
  placeAfter(name: string, order: number): number {
    const servers = this.serving(name);
    const place = placeOf(servers, order + 1);
    return place < servers.length ? place : 0;
  }

  #add(name: string, server: Server): void {
    const servers = this.#byName.get(name) ?? [];
    servers.splice(placeOf(servers, server.order), 0, server);
    this.#byName.set(name, servers);
  }

  #remove(name: string, server: Server): void {
    const servers = this.#byName.get(name);
    if (!servers) return;
    const place = placeOf(servers, server.order);
    if (servers[place] === server) servers.splice(place, 1);
    if (servers.length === 0) this.#byName.delete(name);
  }
}

/** The place of the first whose order is at least a number, by halves. */
function placeOf(servers: readonly Placed[], order: number): number {
  let low = 0;
  let high = servers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((servers[middle]?.order ?? Infinity) < order) low = middle + 1;
    else high = middle;
  }
  return low;
}
