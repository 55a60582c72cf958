const MAX_NAME_CHARACTERS = 200;

/** Gives operations of one namespace names that are allowed, and each its own. */
export class Names {
  readonly #namespace: string;
  readonly #taken = new Set<string>();

  /** Begins with none taken. */
  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** The name for what somebody else calls `wanted`. */
  take(wanted: string): string {
    const plain = wanted.replace(/[^A-Za-z0-9_.-]+/g, "_").replace(/^_+|_+$/g, "")
      .slice(0, MAX_NAME_CHARACTERS) || "operation";
    let name = `${this.#namespace}/${plain}`;
    for (let n = 2; this.#taken.has(name); n++) name = `${this.#namespace}/${plain}_${n}`;
    this.#taken.add(name);
    return name;
  }
}
