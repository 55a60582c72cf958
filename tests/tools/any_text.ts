/**
 * Text and URLs of any characters there may be, for property tests. fast-check has them too (unit
 * "binary", `webUrl()`); its tables take two seconds to make in every file that asks for them.
 */
import fc from "fast-check";

const SURROGATES = { from: 0xd800, count: 0x800 } as const;

/** One character, which is no half of a surrogate pair. */
export const ANY_CHARACTER: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10_ffff - SURROGATES.count })
  .map((n) => String.fromCodePoint(n < SURROGATES.from ? n : n + SURROGATES.count));

/** Well-formed text. */
export function anyText(
  constraints: Omit<fc.StringConstraints, "unit"> = {},
): fc.Arbitrary<string> {
  return fc.string({ ...constraints, unit: ANY_CHARACTER });
}

/** Web addresses with all they may have but a fragment. */
export function anyUrl(): fc.Arbitrary<string> {
  const authority = fc.webAuthority({ withIPv4: true, withIPv6: true, withPort: true });
  const encoded = anyText().map(encodeURIComponent);
  return fc.tuple(fc.constantFrom("http", "https"), authority, fc.array(encoded), encoded)
    .map(([scheme, host, path, query]) => `${scheme}://${host}/${path.join("/")}?${query}`);
}
