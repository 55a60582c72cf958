import { CliError, ExitCode } from "../errors.ts";

/**
 * Splits a line into words: at spaces, not within `"…"` or `'…'`, and a backslash makes the next
 * character an ordinary one. A `#` at the beginning makes it a comment.
 *
 * @throws {CliError} For a quotation mark that is not closed.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote && character === quote) quote = "";
    else if (!quote && /["']/.test(character)) {
      quote = character;
      word ??= "";
    } else if (character === "\\" && quote !== "'" && at + 1 < line.length) {
      word = (word ?? "") + line.charAt(++at);
    } else if (!quote && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (!quote && character === "#" && words.length === 0 && word === undefined) return [];
    else word = (word ?? "") + character;
  }
  if (quote) throw new CliError(`A ${quote} is not closed`, ExitCode.Usage);
  return word === undefined ? words : [...words, word];
}

/** A word as it has to be written so that {@linkcode splitWords} reads it as one. */
export function quoteWord(word: string): string {
  return word === "" ? '""' : word.replace(/[\s"'\\#]/g, "\\$&");
}
