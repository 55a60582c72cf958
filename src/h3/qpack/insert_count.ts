import { QpackFormatError } from "./wire.ts";

/** How many entries a dynamic table of that capacity can hold at most (RFC 9204 section 3.2.2). */
export function maxEntries(maxTableBytes: number): number {
  return Math.floor(maxTableBytes / 32);
}

/** The Required Insert Count as a field section carries it (RFC 9204 section 4.5.1.1). */
export function wrapInsertCount(required: number, maxTableBytes: number): number {
  return required === 0 ? 0 : required % (2 * maxEntries(maxTableBytes)) + 1;
}

/**
 * The Required Insert Count that a field section carries wrapped.
 *
 * @param inserted How many entries have been inserted here so far.
 * @throws {QpackFormatError} When no encoder could have produced it.
 */
export function unwrapInsertCount(
  wrapped: number,
  { inserted, maxTableBytes }: { inserted: number; maxTableBytes: number },
): number {
  if (wrapped === 0) return 0;
  const range = 2 * maxEntries(maxTableBytes);
  const largest = inserted + maxEntries(maxTableBytes);
  if (wrapped > range) throw new QpackFormatError(`Insert count ${wrapped} is out of range`);
  const required = Math.floor(largest / range) * range + wrapped - 1;
  const count = required > largest ? required - range : required;
  if (count <= 0) throw new QpackFormatError(`Insert count ${wrapped} cannot be`);
  return count;
}
