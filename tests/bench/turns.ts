import { median } from "./core/compare.ts";

/** Lowest, median and highest. */
export type Range = readonly [low: number, mid: number, high: number];

/** Measures each in turn, so many times over, another first each time; the samples of each. */
export async function inTurns<Item, Sample>(
  items: readonly Item[],
  rounds: number,
  measure: (item: Item) => Promise<Sample>,
): Promise<Sample[][]> {
  const samples: Sample[][] = items.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const step of items.keys()) {
      const index = (round + step) % items.length;
      const item = items[index];
      if (item !== undefined) samples[index]?.push(await measure(item));
    }
  }
  return samples;
}

/** What each value is to the other one of its round. */
export function ratios(own: readonly number[], other: readonly number[]): Range {
  const sorted = own.map((value, round) => value / (other[round] ?? NaN)).sort((a, b) => a - b);
  return [sorted[0] ?? NaN, median(sorted), sorted.at(-1) ?? NaN];
}

/** A range as it stands in tables. */
export function rangeText([low, mid, high]: Range): string {
  return `${mid.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
}
