/** Datagrams over a channel: where they may go, what comes back, and when it ends. */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { ChannelRefusedError, OpenFailure, openUdp, parseForwardRule } from "../mod.ts";
import { type LabOptions, SshLab } from "../testdata/support.ts";
import { SshWriter } from "../wire/ssh_writer.ts";
import { UDP_CHANNEL } from "./udp.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Sends everything back, and is asked for where it is. */
class Echo implements AsyncDisposable {
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #serving = (async () => {
    for await (const [datagram, from] of this.#socket) await this.#socket.send(datagram, from);
  })().catch(() => {});

  get address(): { hostname: string; port: number } {
    return { hostname: "127.0.0.1", port: (this.#socket.addr as Deno.NetAddr).port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#serving;
  }
}

function labFor(port: number, options: LabOptions = {}): Promise<SshLab> {
  const forwardRules = [parseForwardRule(`allow 127.0.0.1:${port}`)];
  return SshLab.start({ forwardRules, ...options });
}

Deno.test("datagrams go where a rule allows and come back as they were cut", async () => {
  await using echo = new Echo();
  await using lab = await labFor(echo.address.port);
  await using client = await lab.connect();
  const way = await openUdp(client, echo.address);
  const sent = ["one", "", "three", "x".repeat(20_000)];
  for (const each of sent) await way.send(encoder.encode(each));
  const got: string[] = [];
  for await (const datagram of way.incoming) {
    got.push(decoder.decode(datagram));
    if (got.length === sent.length) break;
  }
  deepStrictEqual(got, sent);
});

Deno.test("datagrams go nowhere without a rule, or without the scope", async () => {
  await using echo = new Echo();
  const isProhibited = (error: unknown): boolean =>
    error instanceof ChannelRefusedError && error.reason === OpenFailure.Prohibited;
  await using lab = await labFor(1);
  await using client = await lab.connect();
  await rejects(openUdp(client, echo.address), isProhibited);
  await using poor = await labFor(echo.address.port, { scopes: ["ssh:exec"] });
  await using other = await poor.connect();
  await rejects(openUdp(other, echo.address), isProhibited);
});

Deno.test("udpIdleMs: a way on which nothing passes ends", async () => {
  await using echo = new Echo();
  await using lab = await labFor(echo.address.port, { limits: { udpIdleMs: 50 } });
  await using client = await lab.connect();
  const way = await openUdp(client, echo.address);
  strictEqual((await Array.fromAsync(way.incoming)).length, 0);
});

Deno.test("a way whose frames make no sense is closed, and nothing else", async () => {
  await using echo = new Echo();
  await using lab = await labFor(echo.address.port);
  await using client = await lab.connect();
  const { hostname, port } = echo.address;
  const data = new SshWriter().string(hostname).uint32(port).finish();
  const channel = await client.multiplexer.open(UDP_CHANNEL, data);
  await channel.write(new Uint8Array([255, 255, 0, 0]));
  await channel.closed;
  const way = await openUdp(client, echo.address);
  await way.send(encoder.encode("still here"));
  for await (const datagram of way.incoming) {
    strictEqual(decoder.decode(datagram), "still here");
    break;
  }
  await rejects(client.multiplexer.open(UDP_CHANNEL, new Uint8Array(3)), ChannelRefusedError);
  ok(client.multiplexer.ended === undefined);
});
