/** @jsxImportSource hono/jsx */
import type { Element } from "./element.ts";

/** One line over time, the newest value at the right; its text says the same in words. */
export function Graph({ name, values }: {
  readonly name: string;
  readonly values: readonly number[];
}): Element {
  const last = values.at(-1) ?? 0;
  const max = Math.max(1, ...values);
  const label = `${name}: ${rounded(last)} now, ${rounded(max)} at most`;
  return (
    <figure>
      <svg class="graph" viewBox="0 0 100 30" preserveAspectRatio="none" role="img">
        <title>{label}</title>
        <path d={line(values, max)} />
      </svg>
      <figcaption class="quiet">{label}</figcaption>
    </figure>
  );
}

function rounded(value: number): string {
  return Math.round(value).toLocaleString("en-GB");
}

function line(values: readonly number[], max: number): string {
  const step = 100 / Math.max(1, values.length - 1);
  const points = values.map((value, index) =>
    `${(index * step).toFixed(2)},${(28 - value / max * 26).toFixed(2)}`
  );
  return points.length > 1 ? `M${points.join(" L")}` : "";
}
