/** What stands for itself without quotes; all that a shell might read otherwise is left out. */
const PLAIN = /[^\s\\'"|&;<>()$`*?[\]#~{}!]/y;
const IN_DOUBLE_QUOTES = /\\[\\"$`]|[^\\"$`]|\\(?![\\"$`])/y;

/**
 * The words of a command line, quoted as for a shell (POSIX, Shell Command Language, section 2.2),
 * without a shell.
 *
 * @returns Undefined for a line of which a shell would make more: patterns, variables, pipes.
 */
export function shellWords(line: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  while (at < line.length) {
    if (/\s/.test(line.charAt(at))) {
      if (line.charAt(at) === "\n") return undefined;
      at++;
      continue;
    }
    const word = readWord(line, at);
    if (!word) return undefined;
    words.push(word.text);
    at = word.end;
  }
  return words;
}

function readWord(line: string, start: number): { text: string; end: number } | undefined {
  let text = "";
  let at = start;
  while (at < line.length && !/\s/.test(line.charAt(at))) {
    const part = readPart(line, at);
    if (!part) return undefined;
    text += part.text;
    at = part.end;
  }
  return { text, end: at };
}

function readPart(line: string, at: number): { text: string; end: number } | undefined {
  switch (line.charAt(at)) {
    case "\\":
      return at + 1 < line.length && line.charAt(at + 1) !== "\n"
        ? { text: line.charAt(at + 1), end: at + 2 }
        : undefined;
    case "'": {
      const end = line.indexOf("'", at + 1);
      return end < 0 ? undefined : { text: line.slice(at + 1, end), end: end + 1 };
    }
    case '"':
      return readDoubleQuoted(line, at + 1);
    default:
      PLAIN.lastIndex = at;
      return PLAIN.test(line) ? { text: line.charAt(at), end: at + 1 } : undefined;
  }
}

function readDoubleQuoted(line: string, start: number): { text: string; end: number } | undefined {
  let text = "";
  let at = start;
  while (at < line.length && line.charAt(at) !== '"') {
    IN_DOUBLE_QUOTES.lastIndex = at;
    const [part] = IN_DOUBLE_QUOTES.exec(line) ?? [];
    if (part === undefined) return undefined;
    text += part.length === 2 ? part.slice(1) : part;
    at += part.length;
  }
  return at < line.length ? { text, end: at + 1 } : undefined;
}
