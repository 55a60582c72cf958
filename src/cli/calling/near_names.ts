const MAX_SHOWN = 3;

/**
 * Names that somebody may have meant: those that differ in a few letters, or contain what was given.
 *
 * @returns At most three, the nearest first.
 */
export function nearNames(wanted: string, names: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  const all = names.map((name) => ({ name, distance: distanceOf(wanted, name) }));
  const best = all.reduce((least, { distance }) => Math.min(least, distance), limit);
  return all
    .filter(({ distance }) => distance <= limit && distance <= best + 1)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_SHOWN)
    .map(({ name }) => name);
}

/** Edits between two names; one that lacks only its beginning or end is near. */
function distanceOf(wanted: string, name: string): number {
  const last = name.split("/").at(-1) ?? name;
  if (wanted.length > 2 && name.includes(wanted)) return 1;
  return Math.min(edits(wanted, name), edits(wanted, last) + 1);
}

/** Levenshtein's distance, one row at a time. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let at = 0; at < from.length; at++) {
    const next = [at + 1];
    for (let column = 0; column < to.length; column++) {
      const same = from[at] === to[column] ? 0 : 1;
      const best = Math.min(
        (next[column] ?? 0) + 1,
        (row[column + 1] ?? 0) + 1,
        (row[column] ?? 0) + same,
      );
      next.push(best);
    }
    row = next;
  }
  return row[to.length] ?? Infinity;
}
