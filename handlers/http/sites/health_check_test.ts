/** Checks by a clock that is moved by hand, of a server within the process. */
import type { Stream } from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { mock } from "node:test";

import { HealthCheck, type HealthCheckOptions } from "./health_check.ts";
import type { Upstream } from "./upstream.ts";
import { UpstreamPool } from "./upstream_pool.ts";

const WELL = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const ILL = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";

/** A server that answers checks as it is told: with bytes, not at all, or not even the connection. */
class Server implements Upstream, AsyncDisposable {
  readonly name: string;
  readonly host = "behind.example";
  manner: string | "silent" | "gone" = WELL;
  /** Heads of the requests so far. */
  readonly heads: string[] = [];
  /** Connections that are open now. */
  open = 0;
  #arrival = Promise.withResolvers<void>();
  #left = Promise.withResolvers<void>();
  readonly #pair = memoryPair();
  readonly #serving = this.#serve();

  constructor(name = "http://behind.example") {
    this.name = name;
  }

  /** Resolves with the next request. */
  get arrival(): Promise<void> {
    return this.#arrival.promise;
  }

  /** Resolves when the next connection has ended. */
  get left(): Promise<void> {
    return this.#left.promise;
  }

  async connect(): Promise<Stream> {
    if (this.manner === "gone") throw new TypeError("Connection refused");
    const stream = await this.#pair[0].openStream();
    this.open++;
    const reset = stream.reset.bind(stream);
    let isOpen = true;
    stream.reset = () => {
      reset();
      if (!isOpen) return;
      isOpen = false;
      this.open--;
      this.#left.resolve();
      this.#left = Promise.withResolvers<void>();
    };
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pair[0].close();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    for await (const stream of this.#pair[1].streams) {
      const buffer = new Uint8Array(4_096);
      const count = await stream.read(buffer).catch(() => null) ?? 0;
      this.heads.push(new TextDecoder().decode(buffer.subarray(0, count)));
      this.#arrival.resolve();
      this.#arrival = Promise.withResolvers<void>();
      if (this.manner === "silent") continue;
      await stream.write(new TextEncoder().encode(this.manner)).catch(() => {});
    }
  }
}

/** A check of a server, and the results it has told. */
function checked(server: Upstream, options: Partial<HealthCheckOptions> = {}) {
  mock.timers.enable({ apis: ["setTimeout"] });
  let next = Promise.withResolvers<void>();
  const check = new HealthCheck(server, { path: "/up?deep", ...options }, () => {
    next.resolve();
    next = Promise.withResolvers<void>();
  });
  return {
    health: check.health,
    /** Resolves with the next result. */
    result: () => next.promise,
    /** Moves the clock to where the next check begins, and waits for its result. */
    async later(ms = 10_000): Promise<void> {
      const result = next.promise;
      mock.timers.tick(ms);
      await result;
    },
    [Symbol.dispose](): void {
      check[Symbol.dispose]();
      mock.timers.reset();
    },
  };
}

Deno.test("a server is asked at once, and then after each interval, over a connection each", async () => {
  await using server = new Server();
  using check = checked(server, { host: "app.example" });
  await check.result();
  mock.timers.tick(9_999);
  strictEqual(server.heads.length, 1);
  await check.later(1);
  strictEqual(server.heads.length, 2);
  strictEqual(server.open, 0);
  match(server.heads[0] ?? "", /^GET \/up\?deep HTTP\/1\.1\r\n/);
  match(server.heads[0] ?? "", /\r\nhost: app\.example\r\n/);
});

Deno.test("a server goes and comes back by what it answers", async () => {
  await using server = new Server();
  using check = checked(server, { failures: 2, successes: 2 });
  await check.result();
  const seen: (string | boolean | undefined)[][] = [];
  for (const manner of [ILL, "gone", "SSH-2.0-x\r\n\r\n", WELL, WELL]) {
    server.manner = manner;
    await check.later();
    seen.push([check.health.healthy, check.health.problem]);
  }
  deepStrictEqual(seen, [
    [true, "Status 503"],
    [false, "Cannot reach http://behind.example: TypeError: Connection refused"],
    [false, "Response does not begin with a status line"],
    [false, undefined],
    [true, undefined],
  ]);
});

Deno.test("a server that says nothing fails after the time, and is never asked twice at once", async () => {
  await using server = new Server();
  server.manner = "silent";
  let arrival = server.arrival;
  using check = checked(server, { intervalMs: 100, timeoutMs: 3_000 });
  for (let round = 1; round <= 3; round++) {
    await arrival;
    mock.timers.tick(2_999); // thirty intervals, and still the same check
    strictEqual(server.open, 1);
    await check.later(1);
    strictEqual(server.open, 0);
    strictEqual(check.health.problem, "No answer within 3000 ms");
    strictEqual(check.health.failed, round);
    arrival = server.arrival;
    mock.timers.tick(100);
  }
});

Deno.test("a connection that never comes fails after the time too, and one that comes too late is closed", async () => {
  // A peer whose streams are all taken keeps whoever opens one waiting, whatever the signal says.
  await using server = new Server();
  const opening = Promise.withResolvers<void>();
  const late: Upstream = {
    name: "peer:late",
    host: "late",
    connect: async () => {
      await opening.promise;
      return await server.connect();
    },
  };
  using check = checked(late);
  await check.later(5_000);
  strictEqual(check.health.problem, "No answer within 5000 ms");
  const { left } = server;
  opening.resolve();
  await left;
  strictEqual(server.open, 0);
});

Deno.test("the end of a site ends the check under way, and there is no other", async () => {
  await using server = new Server();
  server.manner = "silent";
  const { arrival, left } = server;
  {
    using _ = checked(server);
    await arrival;
    strictEqual(server.open, 1);
  }
  await left;
  strictEqual(server.open, 0);
});

Deno.test("a site asks healthy servers only, none where there is none, and tells how each is", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  await using a = new Server("a");
  await using b = new Server("b");
  let now = 0;
  const options = { healthCheck: { path: "/", failures: 1, successes: 1 }, now: () => now };
  using pool = new UpstreamPool([a, b], options);
  const settled = async (passed: number): Promise<void> => {
    while (pool.status.some(({ checksPassed: p, checksFailed: f }) => p + f < passed)) {
      await Promise.resolve();
    }
  };
  const turns = (): string[] => pool.inTurn().map(({ upstream }) => upstream.name);
  deepStrictEqual(turns(), ["a", "b"]); // nothing is known yet
  await settled(1);
  a.manner = ILL;
  mock.timers.tick(10_000);
  await settled(2);
  deepStrictEqual([turns(), turns()], [["b"], ["b"]]);
  deepStrictEqual(pool.status.map(({ state, problem }) => [state, problem]), [
    ["unhealthy", "Status 503"],
    ["up", undefined],
  ]);
  b.manner = ILL;
  mock.timers.tick(10_000);
  await settled(3);
  deepStrictEqual(turns(), []);
  [a.manner, b.manner] = [WELL, WELL];
  mock.timers.tick(10_000);
  await settled(4);
  strictEqual(turns().length, 2);

  // A check that passes after a request did not get there says that it would get there now.
  for (const turn of pool.inTurn()) turn.failed();
  deepStrictEqual(pool.status.map(({ state }) => state), ["unreachable", "unreachable"]);
  now = 5_000;
  mock.timers.tick(10_000);
  await settled(5);
  deepStrictEqual(pool.status.map(({ state }) => state), ["up", "up"]);
  mock.timers.reset();
});
