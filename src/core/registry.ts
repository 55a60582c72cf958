import { AlpnConflictError, AlpnFormatError, HandlerNameError } from "./errors.ts";
import type { Handler } from "./handler.ts";

/** An ALPN no handler can claim: a TLS server without any would accept every client. */
const NO_ALPN = "alknet/-";

/** The handlers of an endpoint in order of preference. Changes are whole or not at all. */
export class HandlerRegistry {
  #handlers: readonly Handler[] = [];
  #byAlpn: ReadonlyMap<string, Handler> = new Map();

  /**
   * Adds handlers after those that are there.
   *
   * @throws {AlpnConflictError} When an ALPN is taken; nothing is added then.
   * @throws {HandlerNameError} When two handlers have one name.
   * @throws {AlpnFormatError} When an ALPN is empty or longer than 255 bytes.
   */
  add(...handlers: readonly Handler[]): void {
    const all = [...this.#handlers, ...handlers];
    this.#byAlpn = index(all);
    this.#handlers = all;
  }

  /** Removes the handler of that name; returns it, or undefined when there is none. */
  remove(name: string): Handler | undefined {
    const found = this.#handlers.find((handler) => handler.name === name);
    if (!found) return undefined;
    this.#handlers = this.#handlers.filter((handler) => handler !== found);
    this.#byAlpn = index(this.#handlers);
    return found;
  }

  /** The handler of an ALPN. */
  find(alpn: string): Handler | undefined {
    return this.#byAlpn.get(alpn);
  }

  /** The handlers, most wanted first. */
  get handlers(): readonly Handler[] {
    return this.#handlers;
  }

  /** Every ALPN, most wanted first; never empty. */
  get alpn(): readonly string[] {
    return this.#byAlpn.size > 0 ? [...this.#byAlpn.keys()] : [NO_ALPN];
  }
}

function index(handlers: readonly Handler[]): Map<string, Handler> {
  assertNames(handlers);
  const byAlpn = new Map<string, Handler>();
  for (const handler of handlers) {
    for (const alpn of handler.alpn) {
      assertAlpn(alpn, handler);
      const first = byAlpn.get(alpn);
      if (first) throw new AlpnConflictError(alpn, first.name, handler.name);
      byAlpn.set(alpn, handler);
    }
  }
  return byAlpn;
}

/** Commands and counters tell handlers apart by name. */
function assertNames(handlers: readonly Handler[]): void {
  const names = new Set<string>();
  for (const { name } of handlers) {
    if (names.has(name)) throw new HandlerNameError(`Cannot register handler "${name}" twice`);
    names.add(name);
  }
}

function assertAlpn(alpn: string, handler: Handler): void {
  const length = new TextEncoder().encode(alpn).length;
  if (length >= 1 && length <= 255 && alpn !== NO_ALPN) return;
  throw new AlpnFormatError(
    `Cannot register handler "${handler.name}": ALPN "${alpn.slice(0, 40)}" must be 1-255 bytes`,
  );
}
