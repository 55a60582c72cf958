import { pause } from "@alknet/core";

import { H1Client } from "../h1/h1_client.ts";
import { Health, type HealthThresholds } from "./health.ts";
import { isWithin, type StatusRange } from "./status_ranges.ts";
import { connectable, type Upstream } from "./upstream.ts";

/** How the servers of a site are checked. */
export interface HealthCheckOptions extends HealthThresholds {
  /** Path and query that a server is asked for, by `GET`. */
  readonly path: string;
  /** The `Host` it is asked by. Default: the server's own name. */
  readonly host?: string | undefined;
  /** Time from the end of a check to the next one, in milliseconds. Default: 10,000. */
  readonly intervalMs?: number;
  /** Time a server has for the head of its answer, connecting included. Default: 5,000. */
  readonly timeoutMs?: number;
  /** Statuses of a healthy server. Default: 200 to 399. */
  readonly expected?: readonly StatusRange[];
}

const INTERVAL_MS = 10_000;
const TIMEOUT_MS = 5_000;
const EXPECTED: readonly StatusRange[] = [[200, 399]];

/** Longest text of what was wrong that is kept: servers write parts of it. */
const MAX_PROBLEM_CHARS = 200;

/**
 * Asks one server again and again how it is, over a connection of its own each time, and never twice
 * at once: the next check waits for the one before.
 */
export class HealthCheck implements Disposable {
  /** What is thought of the server. */
  readonly health: Health;
  readonly #upstream: Upstream;
  readonly #options: HealthCheckOptions;
  readonly #client: H1Client;
  readonly #stop = new AbortController();

  /** Begins to check; `noted` is told of each result, and whether it has changed something. */
  constructor(
    upstream: Upstream,
    options: HealthCheckOptions,
    noted: (health: Health, changed: boolean) => void,
  ) {
    this.health = new Health(options);
    this.#upstream = upstream;
    this.#options = options;
    this.#client = new H1Client({
      connect: (signal) => connectable(upstream, signal),
      maxIdle: 0,
    });
    this.#run(noted, this.#stop.signal);
  }

  /** Ends the check under way, and all to come. */
  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#client[Symbol.dispose]();
  }

  async #run(
    noted: (health: Health, changed: boolean) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { intervalMs = INTERVAL_MS } = this.#options;
    while (!signal.aborted) {
      const problem = await this.#check(signal);
      if (signal.aborted) return;
      noted(this.health, this.health.note(problem?.slice(0, MAX_PROBLEM_CHARS)));
      await pause(intervalMs, signal);
    }
  }

  /** Resolves to what is wrong with the server, if anything is; never rejects. */
  async #check(stop: AbortSignal): Promise<string | undefined> {
    const { timeoutMs = TIMEOUT_MS, expected = EXPECTED } = this.#options;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    try {
      const status = await this.#ask(AbortSignal.any([late.signal, stop]));
      return isWithin(expected, status) ? undefined : `Status ${status}`;
    } catch (error) {
      if (late.signal.aborted) return `No answer within ${timeoutMs} ms`;
      return error instanceof Error ? error.message : String(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(signal: AbortSignal): Promise<number> {
    const { path: target, host = this.#upstream.host } = this.#options;
    const headers = new Headers({ host, "user-agent": "alknet-check", "connection": "close" });
    const { status, body } = await this.#client.request({ method: "GET", target, headers }, signal);
    await body?.cancel(); // only the status counts
    return status;
  }
}
