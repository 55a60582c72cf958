/** Prints a line of results. */
export function printLine(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Mean time of one call in microseconds, the best of five rounds. */
export function microseconds(rounds: number, call: (n: number) => void): string {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (let n = 0; n < rounds; n++) call(n);
    best = Math.min(best, (performance.now() - start) / rounds * 1_000);
  }
  return best.toFixed(2);
}
