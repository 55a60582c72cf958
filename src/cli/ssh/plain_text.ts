/**
 * A text of another machine without what a terminal would take for commands.
 *
 * @param text Whatever came.
 */
export function plainText(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what is taken out
  return text.replaceAll("\r\n", "\n").replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "?");
}
