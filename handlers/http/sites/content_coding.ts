/** A coding that a file may be stored in beside itself, and what its name ends with then. */
const STORED: readonly (readonly [coding: string, ending: string])[] = [
  ["br", ".br"],
  ["zstd", ".zst"],
  ["gzip", ".gz"],
];

/** Types that get smaller: text and what is text in disguise. */
const COMPRESSIBLE =
  /^text\/|^application\/(?:javascript|json|xml|manifest\+json|wasm)|\+(?:json|xml)$|^image\/svg/;

/** Codings a client takes, by `Accept-Encoding` (RFC 9110 section 12.5.3). */
export function acceptedCodings(field: string | null): ReadonlySet<string> {
  const accepted = new Set<string>();
  for (const part of (field ?? "").split(",")) {
    const [coding = "", weight = "q=1"] = part.split(";").map((each) => each.trim().toLowerCase());
    if (coding !== "" && !/^q=0(?:\.0{0,3})?$/.test(weight)) accepted.add(coding);
  }
  return accepted;
}

/** Files to look for in place of a path, best first, with the coding they are in. */
export function storedCodings(accepted: ReadonlySet<string>): typeof STORED {
  return STORED.filter(([coding]) => accepted.has(coding));
}

/** Whether a type is worth compressing on the way. */
export function isCompressible(type: string): boolean {
  return COMPRESSIBLE.test(type);
}
