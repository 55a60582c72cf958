/** What was typed, taken apart. */
export interface TypedKeys {
  /** What goes to the other side. */
  readonly forward: Uint8Array<ArrayBuffer>;
  /** What is asked of this program instead, if something is; keys after it are dropped. */
  readonly command?: "leave" | "help";
}

const TILDE = 0x7e;
const DOT = 0x2e;
const QUESTION_MARK = 0x3f;
const CR = 13;
const LF = 10;

/**
 * Finds OpenSSH's escapes in what is typed (ssh(1), "ESCAPE CHARACTERS"): `~.` at the begin of a
 * line leaves, `~?` explains, `~~` is one tilde; anything else goes on as it was typed.
 *
 * ```text
 * line start ──~──▶ escape ──.──▶ leave, ──?──▶ help, ──~──▶ one tilde
 *     ▲                │ other: tilde and key
 *   CR, LF             ▼
 *     └────────── within a line
 * ```
 */
export class EscapeKeys {
  #state: "line-start" | "escape" | "within" = "line-start";

  /** Takes the next keys. */
  push(keys: Uint8Array): TypedKeys {
    const forward: number[] = [];
    for (const key of keys) {
      const command = this.#take(key, forward);
      if (command) return { forward: new Uint8Array(forward), command };
    }
    return { forward: new Uint8Array(forward) };
  }

  #take(key: number, forward: number[]): TypedKeys["command"] {
    if (this.#state === "line-start" && key === TILDE) {
      this.#state = "escape";
      return undefined;
    }
    if (this.#state === "escape") {
      this.#state = "line-start";
      if (key === DOT) return "leave";
      if (key === QUESTION_MARK) return "help";
      if (key !== TILDE) forward.push(TILDE);
    }
    forward.push(key);
    this.#state = key === CR || key === LF ? "line-start" : "within";
    return undefined;
  }
}
