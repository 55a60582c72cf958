import type { Metric, MetricSample } from "./metric.ts";

/** Why a request was turned away. */
export type RefusalReason = "hidden" | "token" | "rate" | "concurrency" | "tickets";

/** Upper bounds of the histogram, in seconds. */
const BOUNDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10];

interface Durations {
  readonly buckets: number[];
  sum: number;
  count: number;
}

/** What happened at the door: bounded, since routes, statuses and reasons are. */
export class RequestMetrics {
  readonly #answered = new Map<string, number>();
  readonly #refused = new Map<RefusalReason, number>();
  readonly #durations = new Map<string, Durations>();
  /** Subscriptions open now. */
  subscriptions = 0;

  /** Counts an answer. */
  answered(route: string, status: number, seconds: number): void {
    const key = `${route} ${status}`;
    this.#answered.set(key, (this.#answered.get(key) ?? 0) + 1);
    const durations = this.#durations.get(route) ??
      { buckets: BOUNDS.map(() => 0), sum: 0, count: 0 };
    BOUNDS.forEach((bound, index) => {
      if (seconds <= bound) durations.buckets[index] = (durations.buckets[index] ?? 0) + 1;
    });
    durations.sum += seconds;
    durations.count++;
    this.#durations.set(route, durations);
  }

  /** Counts a request that was turned away. */
  refused(reason: RefusalReason): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  /** All of it, to be shown. */
  collect(): Metric[] {
    return [
      {
        name: "alknet_http_requests_total",
        help: "Requests answered, by route and status",
        type: "counter",
        samples: [...this.#answered].map(([key, value]) => {
          const [route = "", status = ""] = key.split(" ");
          return { labels: { route, status }, value };
        }),
      },
      {
        name: "alknet_http_refused_total",
        help: "Requests turned away at the door, by reason",
        type: "counter",
        samples: [...this.#refused].map(([reason, value]) => ({ labels: { reason }, value })),
      },
      {
        name: "alknet_http_subscriptions",
        help: "Subscriptions open now",
        type: "gauge",
        samples: [{ value: this.subscriptions }],
      },
      {
        name: "alknet_http_request_seconds",
        help: "Time to the head of the answer, by route",
        type: "histogram",
        samples: [...this.#durations].flatMap(([route, each]) => histogram(route, each)),
      },
    ];
  }
}

function histogram(route: string, { buckets, sum, count }: Durations): MetricSample[] {
  const bucket = (le: string, value: number): MetricSample => ({
    suffix: "_bucket",
    labels: { route, le },
    value,
  });
  return [
    ...BOUNDS.map((bound, index) => bucket(String(bound), buckets[index] ?? 0)),
    bucket("+Inf", count),
    { suffix: "_sum", labels: { route }, value: sum },
    { suffix: "_count", labels: { route }, value: count },
  ];
}
