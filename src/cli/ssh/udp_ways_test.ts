import type { Address } from "@alknet/core";
import type { UdpWay } from "@alknet/ssh";
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { MAX_WAITING, MAX_WAYS, UdpWays } from "./udp_ways.ts";

const TO: Address = { hostname: "192.0.2.1", port: 53 };

/** A way that sends everything back, until it is closed. */
class EchoWay implements UdpWay {
  readonly sent: number[] = [];
  readonly closed: Promise<void>;
  readonly incoming: AsyncIterable<Uint8Array>;
  readonly #close: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#close = resolve;
    this.incoming = nothingUntil(promise);
  }

  send(payload: Uint8Array): Promise<void> {
    this.sent.push(payload[0] ?? 0);
    return Promise.resolve();
  }

  close(): void {
    this.#close();
  }
}

function nothingUntil(end: Promise<void>): AsyncIterable<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async start(controller): Promise<void> {
      await end;
      controller.close();
    },
  });
}

Deno.test("MAX_WAITING: no more datagrams than that wait for their way, and those go first", async () => {
  const way = new EchoWay();
  const { promise, resolve } = Promise.withResolvers<UdpWay>();
  const ways = new UdpWays(() => promise);
  for (let i = 0; i < MAX_WAITING + 5; i++) ways.send("a", TO, Uint8Array.of(i), () => {});
  resolve(way);
  await promise;
  await Promise.resolve();
  ways.send("a", TO, Uint8Array.of(200), () => {});
  await new Promise((done) => setTimeout(done));
  deepStrictEqual(way.sent, [...Array(MAX_WAITING).keys(), 200]);
  ways.close();
  await way.closed;
});

Deno.test("MAX_WAYS: the oldest way makes room", async () => {
  const opened: EchoWay[] = [];
  const ways = new UdpWays(() => {
    opened.push(new EchoWay());
    return Promise.resolve(opened.at(-1) ?? new EchoWay());
  });
  for (let i = 0; i <= MAX_WAYS; i++) {
    ways.send(String(i), TO, Uint8Array.of(1), () => {});
    await Promise.resolve();
  }
  await opened[0]?.closed;
  strictEqual(opened.length, MAX_WAYS + 1);
  ways.close();
  await Promise.all(opened.map(({ closed }) => closed));
});

Deno.test("a way that does not open is told of, and tried anew with the next datagram", async () => {
  const failures: unknown[] = [];
  let tried = 0;
  const ways = new UdpWays(() => {
    tried++;
    return Promise.reject(new TypeError("refused"));
  }, (error) => failures.push(error));
  for (const round of [1, 2]) {
    ways.send("a", TO, Uint8Array.of(round), () => {});
    await new Promise((done) => setTimeout(done));
  }
  deepStrictEqual([tried, failures.length], [2, 2]);
});
