import { inspect } from "node:util";

/**
 * Outbound secrets of one operation by name, given to it at registration by whoever assembles the
 * program. Never from an input, never on a wire: turned into JSON, text or a log it shows nothing.
 *
 * @example
 * ```ts
 * import { Capabilities } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * const capabilities = new Capabilities({ github: "s3cret" });
 * strictEqual(capabilities.take("github"), "s3cret");
 * strictEqual(JSON.stringify({ capabilities }), '{"capabilities":"[redacted]"}');
 * ```
 */
export class Capabilities {
  readonly #secrets: ReadonlyMap<string, unknown>;

  /** Takes the secrets; the object may be forgotten afterwards. */
  constructor(secrets: Readonly<Record<string, unknown>> = {}) {
    this.#secrets = new Map(Object.entries(secrets));
  }

  /**
   * The secret of a name, whatever its kind: a token, a key, a signer.
   *
   * @throws {RangeError} When none of that name was given.
   */
  take(name: string): unknown {
    if (!this.#secrets.has(name)) throw new RangeError(`No capability "${name}" was given`);
    return this.#secrets.get(name);
  }

  /** Whether there is a secret of a name. */
  has(name: string): boolean {
    return this.#secrets.has(name);
  }

  /** What stands in JSON in place of the secrets. */
  toJSON(): string {
    return "[redacted]";
  }

  /** What stands in text in place of the secrets. */
  toString(): string {
    return "[redacted]";
  }

  /** What stands in a console or a log in place of the secrets. */
  [inspect.custom](): string {
    return "Capabilities [redacted]";
  }

  /** The same on Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return "Capabilities [redacted]";
  }
}

/** What an operation has that was given nothing. */
export const NO_CAPABILITIES: Capabilities = new Capabilities();
