/** Control and format characters, among them those that reorder what an editor shows. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/;
/** Longest description that is copied, in characters. */
const MAX_DOC_CHARACTERS = 4_000;
const MAX_LINE_CHARACTERS = 96;

/** A string literal; whatever the text, it ends where the text ends. */
export function stringLiteral(text: string): string {
  return JSON.stringify(text).replace(UNSEEN, escapeUnit);
}

/** A key of a type literal: as it is where it is an identifier, else quoted. */
export function typeKey(name: string): string {
  return IDENTIFIER.test(name) ? name : stringLiteral(name);
}

/** A key of an object literal: computed unless it is plain, since `__proto__` is no key there. */
export function valueKey(name: string): string {
  return IDENTIFIER.test(name) && name !== "__proto__" ? name : `[${stringLiteral(name)}]`;
}

/**
 * A doc comment that ends where its text ends, and in which no tool finds instructions: `@` begins
 * no tag, so no `@ts-ignore` either.
 *
 * @returns Lines, each indented; empty for an empty text.
 */
export function docComment(text: string, indent = ""): string {
  const lines = text.slice(0, MAX_DOC_CHARACTERS).split(/\r\n|[\r\n\u2028\u2029]/)
    .map((line) => line.replace(UNSEEN, " ").replaceAll("*/", "*\\/").replaceAll("@", "\\@").trim())
    .flatMap(wrapped);
  while (lines.at(-1) === "") lines.pop();
  while (lines[0] === "") lines.shift();
  const [first = ""] = lines;
  if (lines.length === 0) return "";
  if (lines.length === 1) return `${indent}/** ${first} */\n`;
  return `${indent}/**\n${
    lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")
  }\n${indent} */\n`;
}

/** Breaks a line at spaces. */
function wrapped(line: string): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    if (current !== "" && current.length + word.length >= MAX_LINE_CHARACTERS) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

function escapeUnit(text: string): string {
  return Array.from(
    { length: text.length },
    (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
}
