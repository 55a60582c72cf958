/** One value of a metric. */
export interface MetricSample {
  /** What stands behind the name, such as `_sum`. Default: nothing. */
  readonly suffix?: string;
  /** Which of its kind. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Its value now. */
  readonly value: number;
}

/** A metric with all its values. */
export interface Metric {
  /** Such as `alknet_connections_total`. */
  readonly name: string;
  /** What it counts, in words. */
  readonly help: string;
  /** What kind it is. */
  readonly type: "counter" | "gauge" | "histogram";
  /** Its values. */
  readonly samples: readonly MetricSample[];
}

/** The content type of {@linkcode prometheusText}. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Writes metrics in the text format of Prometheus, version 0.0.4.
 *
 * @param metrics What to write.
 * @returns The text.
 *
 * @example
 * ```ts
 * import { prometheusText } from "@alknet/http";
 * import { strictEqual } from "node:assert/strict";
 *
 * const text = prometheusText([
 *   { name: "up", help: "Whether it runs", type: "gauge", samples: [{ value: 1 }] },
 * ]);
 * strictEqual(text, "# HELP up Whether it runs\n# TYPE up gauge\nup 1\n");
 * ```
 */
export function prometheusText(metrics: readonly Metric[]): string {
  return metrics.map(({ name, help, type, samples }) => {
    const lines = samples.map(({ suffix = "", labels = {}, value }) =>
      `${name}${suffix}${labelText(labels)} ${numberText(value)}\n`
    );
    return `# HELP ${name} ${escape(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
  }).join("");
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) =>
    `${name}="${escape(value).replaceAll('"', '\\"')}"`
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
