/** The token of an Authorization header; empty, which nobody has, for a malformed one. */
export function tokenOf(header = ""): string | undefined {
  if (!/^bearer\b/i.test(header)) return undefined;
  return /^bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1] ?? "";
}
