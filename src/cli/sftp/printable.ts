/** A text from elsewhere as it may be shown: nothing in it controls the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Control}\p{Surrogate}]/gu, "?");
}
