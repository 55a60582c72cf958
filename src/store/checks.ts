import { parseScope } from "@alknet/core";
import { StoreSerializationError } from "./errors.ts";

/** Longest name, id, address or other single text, in characters. */
export const MAX_TEXT_CHARACTERS = 255;
/** Most items of one list. */
export const MAX_LIST_ITEMS = 1_000;

/**
 * Checks a name or id: not empty, of bounded length, free of what terminals and databases take
 * for something else.
 *
 * @param what What it is, for the message.
 * @throws {StoreSerializationError} When it is none.
 */
export function checkText(what: string, text: string): string {
  const good = typeof text === "string" && text !== "" && text.length <= MAX_TEXT_CHARACTERS &&
    !/\p{Cc}/u.test(text) && text.isWellFormed();
  if (good) return text;
  throw new StoreSerializationError(
    `Cannot store ${what}: it must have 1 to ${MAX_TEXT_CHARACTERS} characters, no control characters`,
  );
}

/**
 * Checks each of a list of texts.
 *
 * @throws {StoreSerializationError} For a bad one, one that stands twice, or too many.
 */
export function checkTexts(what: string, texts: readonly string[]): readonly string[] {
  if (!Array.isArray(texts) || texts.length > MAX_LIST_ITEMS) {
    throw new StoreSerializationError(`Cannot store ${what}: more than ${MAX_LIST_ITEMS}`);
  }
  for (const text of texts) checkText(what, text);
  if (new Set(texts).size === texts.length) return texts;
  throw new StoreSerializationError(`Cannot store ${what}: one stands twice`);
}

/**
 * Checks texts that must look a certain way.
 *
 * @throws {StoreSerializationError} As {@linkcode checkTexts}.
 */
export function checkShape(what: string, text: string, pattern: RegExp): string {
  if (typeof text === "string" && pattern.test(text)) return text;
  throw new StoreSerializationError(`Cannot store ${what}: it does not look like one`);
}

/**
 * Checks scopes.
 *
 * @throws {ScopeError} For one that breaks the grammar of docs/security.md.
 */
export function checkScopes(scopes: readonly string[]): readonly string[] {
  checkTexts("scopes", scopes);
  for (const scope of scopes) parseScope(scope);
  return scopes;
}

/**
 * Turns a date into milliseconds.
 *
 * @throws {StoreSerializationError} For one that is no date.
 */
export function checkTime(what: string, date: Date): number {
  const time = date.getTime();
  if (Number.isSafeInteger(time)) return time;
  throw new StoreSerializationError(`Cannot store ${what}: not a date`);
}
