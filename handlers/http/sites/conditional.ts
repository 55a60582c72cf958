/** What tells one version of a file from another. */
export interface Version {
  /** Entity tag, with its quotes (RFC 9110 section 8.8.3). */
  readonly etag: string;
  /** To the second, as HTTP has it. */
  readonly modifiedAt: Date;
}

/** Whether the client has this version already (RFC 9110 sections 13.1.2, 13.1.3). */
export function isNotModified(headers: Headers, { etag, modifiedAt }: Version): boolean {
  const tags = headers.get("if-none-match");
  if (tags !== null) {
    return tags.trim() === "*" || listed(tags).some((tag) => sameWeakly(tag, etag));
  }
  const since = Date.parse(headers.get("if-modified-since") ?? "");
  return Number.isFinite(since) && seconds(modifiedAt) * 1_000 <= since;
}

/** Whether a range may be taken from this version (RFC 9110 section 13.1.5). */
export function mayTakeRange(headers: Headers, { etag, modifiedAt }: Version): boolean {
  const condition = headers.get("if-range");
  if (condition === null) return true;
  if (condition.startsWith('"')) return condition === etag;
  return Date.parse(condition) === seconds(modifiedAt) * 1_000;
}

function listed(tags: string): string[] {
  return tags.match(/(?:W\/)?"[^"]*"/g) ?? [];
}

function sameWeakly(a: string, b: string): boolean {
  return a.replace(/^W\//, "") === b.replace(/^W\//, "");
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}
