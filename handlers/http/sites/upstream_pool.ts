import { getLogger } from "@logtape/logtape";

import { H1Client } from "../h1/h1_client.ts";
import { BoundedUpstream } from "./bounded_upstream.ts";
import type { Health } from "./health.ts";
import { HealthCheck, type HealthCheckOptions } from "./health_check.ts";
import { connectable, type Upstream } from "./upstream.ts";

/** How a server behind a site is. */
export interface UpstreamStatus {
  /** As configured. */
  readonly upstream: string;
  /**
   * `up`: requests go there; `unreachable`: it was not reached lately, and is asked last for a while;
   * `unhealthy`: it does not pass its checks, and is not asked.
   */
  readonly state: "up" | "unreachable" | "unhealthy";
  /** Health checks passed, and failed, so far; zero where none are made. */
  readonly checksPassed: number;
  /** See `checksPassed`. */
  readonly checksFailed: number;
  /** Requests it did not get as it had too many connections. */
  readonly refused: number;
  /** Why the last check failed; missing when it has passed. */
  readonly problem?: string;
}

/** A server whose turn it is. */
export interface Turn {
  /** The server. */
  readonly upstream: Upstream;
  /** Asks it over the connections that are kept to it. */
  readonly client: H1Client;
  /** To be told when it could not be reached: it is then asked last for a while. */
  failed(): void;
}

/** What {@linkcode UpstreamPool} can be told. */
export interface UpstreamPoolOptions {
  /** What logs call the site. Default: nothing. */
  readonly name?: string | undefined;
  /** How servers are checked. Default: they are not. */
  readonly healthCheck?: HealthCheckOptions | undefined;
  /** Connections to one server at once. Default: 512. */
  readonly maxConnections?: number | undefined;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
}

interface Member {
  readonly upstream: BoundedUpstream;
  readonly client: H1Client;
  check?: HealthCheck;
  downUntil: number;
}

const NOT_CHECKED = { healthy: true, passed: 0, failed: 0, problem: undefined };

const MAX_CONNECTIONS = 512;

/** Time that a server is passed over after it could not be reached. */
const DOWN_MS = 10_000;

const log = getLogger(["alknet", "http", "proxy"]);

/**
 * Servers behind one site: in turn, those that could not be reached last, and those that do not pass
 * their health checks not at all.
 */
export class UpstreamPool implements Disposable {
  readonly #members: readonly Member[];
  readonly #name: string | undefined;
  readonly #now: () => number;
  #turn = 0;

  /** Opens nothing yet but, where there are checks, those. */
  constructor(upstreams: readonly Upstream[], options: UpstreamPoolOptions = {}) {
    const { name, healthCheck, maxConnections = MAX_CONNECTIONS, now = Date.now } = options;
    this.#name = name;
    this.#now = now;
    this.#members = upstreams.map((each) => {
      const upstream = new BoundedUpstream(each, maxConnections);
      const client = new H1Client({ connect: (signal) => connectable(upstream, signal) });
      return { upstream, client, downUntil: 0 };
    });
    if (!healthCheck) return;
    for (const member of this.#members) {
      const noted = (health: Health, changed: boolean) => this.#checked(member, health, changed);
      member.check = new HealthCheck(member.upstream.unbounded, healthCheck, noted);
    }
  }

  /** How each server is now. */
  get status(): UpstreamStatus[] {
    return this.#members.map(({ upstream: { name, refused }, check, downUntil }) => {
      const { healthy, passed, failed, problem } = check?.health ?? NOT_CHECKED;
      const reached = downUntil <= this.#now();
      return {
        upstream: name,
        state: healthy ? reached ? "up" : "unreachable" : "unhealthy",
        checksPassed: passed,
        checksFailed: failed,
        refused,
        ...(problem === undefined ? {} : { problem }),
      };
    });
  }

  /** The servers to be tried now, in order; none where all are unhealthy. */
  inTurn(): Turn[] {
    const start = this.#turn++ % Math.max(1, this.#members.length);
    const turned = [...this.#members.slice(start), ...this.#members.slice(0, start)]
      .filter(({ check }) => (check?.health ?? NOT_CHECKED).healthy);
    const now = this.#now();
    const up = turned.filter(({ downUntil }) => downUntil <= now);
    const down = turned.filter(({ downUntil }) => downUntil > now);
    return [...up, ...down].map((member) => ({
      upstream: member.upstream,
      client: member.client,
      failed: () => void (member.downUntil = this.#now() + DOWN_MS),
    }));
  }

  /** Ends the checks and closes what is kept open. */
  [Symbol.dispose](): void {
    for (const { client, check } of this.#members) {
      check?.[Symbol.dispose]();
      client[Symbol.dispose]();
    }
  }

  #checked(member: Member, { healthy, problem }: Health, changed: boolean): void {
    if (problem === undefined) member.downUntil = 0; // it has just been reached
    if (!changed) return;
    const about = { site: this.#name, upstream: member.upstream.name, problem };
    if (healthy) log.info("upstream.healthy", about);
    else log.warn("upstream.unhealthy", about);
  }
}
