import { strictEqual } from "node:assert/strict";

import { trustAnchor } from "@alknet/core";

import { ALPN, pause, start } from "./support.ts";

/** Names that make a ClientHello longer than a packet, as browsers' post-quantum keys do. */
const FILLERS = Array.from({ length: 40 }, (_, index) => `filler/${index}/${"x".repeat(40)}`);

// Chromium was turned away now and then: the ALPN was looked for when the first packet was there.
Deno.test("a QUIC client whose ClientHello comes in two packets finds its handler", async () => {
  await using node = await start({ limits: { drainTimeoutMs: 50 } });
  await using relay = new SlowRelay(node.addr.port);
  const conn = await Deno.connectQuic({
    hostname: "127.0.0.1",
    port: relay.port,
    serverName: `${node.nodeId}.alknet.invalid`,
    caCerts: [trustAnchor(node.key.publicKey)],
    alpnProtocols: [...FILLERS, ALPN],
  });
  const { readable, writable } = await conn.createBidirectionalStream();
  const writer = writable.getWriter();
  await writer.write(new Uint8Array([1, 2, 3]));
  const reader = readable.getReader();
  strictEqual((await reader.read()).value?.length, 3);
  conn.close({ closeCode: 0, reason: "" });
  await conn.closed;
  strictEqual(relay.delayed > 0, true);
});

Deno.test("a ClientHello that never comes to its end costs a place for a limited time", async () => {
  await using node = await start({ limits: { handshakeTimeoutMs: 100 } });
  await using relay = new SlowRelay(node.addr.port, Infinity);
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const dialled = Promise.resolve(Deno.connectQuic({
    hostname: "127.0.0.1",
    port: relay.port,
    endpoint,
    alpnProtocols: [...FILLERS, ALPN],
  })).catch(() => {});
  while (node.counters.handshakeTimeout === 0) await pause(5);
  strictEqual(node.counters.handshaking, 0);
  endpoint.close({ closeCode: 0, reason: "" });
  await dialled;
});

/** Carries datagrams, and holds back all of a client's but the first for a while. */
class SlowRelay implements AsyncDisposable {
  delayed = 0;
  readonly #client = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #server = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #serverAddr: Deno.NetAddr;
  readonly #delayMs: number;
  readonly #done: Promise<unknown>;
  #clientAddr?: Deno.Addr;

  constructor(port: number, delayMs = 30) {
    this.#serverAddr = { transport: "udp", hostname: "127.0.0.1", port };
    this.#delayMs = delayMs;
    this.#done = Promise.all([this.#upward(), this.#downward()]);
  }

  get port(): number {
    return (this.#client.addr as Deno.NetAddr).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    this.#server.close();
    await this.#done;
  }

  async #upward(): Promise<void> {
    for await (const [bytes, from] of this.#client) {
      const first = this.#clientAddr === undefined;
      this.#clientAddr = from;
      if (!first && this.#delayMs === Infinity) continue;
      if (!first && this.delayed++ < 2) await pause(this.#delayMs);
      await this.#server.send(bytes, this.#serverAddr).catch(() => 0);
    }
  }

  async #downward(): Promise<void> {
    for await (const [bytes] of this.#server) {
      if (this.#clientAddr) await this.#client.send(bytes, this.#clientAddr).catch(() => 0);
    }
  }
}
