/** What the header of a self-extracting file has to know. */
export interface HeaderFields {
  /** Names the directory in the cache: of the payload, so that versions do not meet. */
  readonly id: string;
  /** The files of the payload; their names hold no spaces. */
  readonly files: readonly string[];
}

/** Fills the template; the offset is counted in bytes from one, as `tail -c +N` does. */
export function renderHeader(template: string, { id, files }: HeaderFields): string {
  const filled = template.replaceAll("@ID@", id).replaceAll("@FILES@", files.join(" "));
  const places = filled.split("@OFFSET@").length - 1;
  const bare = byteLength(filled.replaceAll("@OFFSET@", ""));
  let digits = 1;
  while (String(bare + places * digits + 1).length > digits) digits++;
  return filled.replaceAll("@OFFSET@", String(bare + places * digits + 1));
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
