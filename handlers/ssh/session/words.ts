const WORD = String.raw`(?:(?:[\w@%+=:,./-]|\\[^\n\0])+|'[^'\0]*')`;
const LINE = new RegExp(String.raw`^\s*${WORD}(?:\s+${WORD})*\s*$`);

/**
 * The words of a command line that means the same with and without a shell: plain words, with a
 * backslash before what would not be plain, and words in single quotes. This is what may run for somebody who has one program's scope: a shell would
 * run others.
 *
 * @returns Undefined for any other line.
 */
export function plainWords(line: string): [string, ...string[]] | undefined {
  if (!LINE.test(line)) return undefined;
  const words = [...line.matchAll(new RegExp(WORD, "g"))].map(([word]) =>
    word.startsWith("'") ? word.slice(1, -1) : word.replace(/\\(.)/gs, "$1")
  );
  const [first, ...rest] = words;
  return first === undefined ? undefined : [first, ...rest];
}

/** Whether a word can stand in a scope as the name of a program: no path, so `PATH` decides. */
export function isProgramName(word: string): boolean {
  return /^[a-z0-9][a-z0-9._@-]*$/.test(word);
}
