/**
 * A text of another machine without what a terminal would take for commands.
 *
 * @param text Whatever came; line ends and tabs stay.
 *
 * @example
 * ```ts
 * import { plainText } from "@alknet/ssh";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(plainText("\x1b[2Jhello\n"), "?[2Jhello\n");
 * ```
 */
export function plainText(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what is taken out
  return text.replaceAll("\r\n", "\n").replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "?");
}

/** As {@linkcode plainText}, in one line of bounded length. */
export function plainLine(text: string, maxCharacters = 200): string {
  return plainText(text).replaceAll(/\s+/g, " ").trim().slice(0, maxCharacters);
}
