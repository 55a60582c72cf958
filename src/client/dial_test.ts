import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import {
  type Connection,
  type Endpoint,
  forEachStream,
  formatNodeId,
  generateNodeKey,
  serve,
  type ServeOptions,
} from "@alknet/core";
import { dial, type DialOptions } from "./dial.ts";
import { DialError, type DialFailure } from "./errors.ts";
import { PathMemory } from "./path_memory.ts";
import { encodeTicket } from "./ticket.ts";

const ALPN = "test/echo";
const BOTH = ["quic", "tls"] as const;

Deno.test("dial() prefers QUIC where both transports answer, and falls back to either", async () => {
  await using node = await start();
  await using conn = await dial(at(node), { alpn: ALPN });
  strictEqual(conn.transport, "quic");
  await roundTrip(conn);
  await using tlsOnly = await start({ listen: [{ hostname: "127.0.0.1", transports: ["tls"] }] });
  await using quicOnly = await start({ listen: [{ hostname: "127.0.0.1", transports: ["quic"] }] });
  for (const [only, transport] of [[tlsOnly, "tls"], [quicOnly, "quic"]] as const) {
    await using other = await dial(at(only), { alpn: ALPN });
    strictEqual(other.transport, transport);
    await roundTrip(other);
  }
});

for (const transport of BOTH) {
  const over = { alpn: ALPN, transports: [transport] };

  Deno.test(`${transport}: dial() reaches a node by id, certificate hash, ticket and name`, async () => {
    await using node = await start();
    const { port } = node.addr;
    const hash = node.listeners[0]?.certificates.leaf.sha256.toHex();
    const addresses = [{ hostname: "127.0.0.1", port }];
    const ticket = encodeTicket({ nodeId: node.nodeId, addresses });
    for (const target of [at(node), `sha256:${hash}@127.0.0.1:${port}`, ticket, "laptop"]) {
      await using conn = await dial(target, {
        ...over,
        knownPeer: (name) =>
          name === "laptop" ? { nodeId: node.nodeId, addresses: [`127.0.0.1:${port}`] } : undefined,
      });
      await roundTrip(conn);
    }
  });

  Deno.test(`${transport}: dial() refuses another node at the same address, and says so`, async () => {
    await using node = await start();
    const wrong = formatNodeId((await generateNodeKey()).publicKey);
    const error = await failure(`${wrong}@127.0.0.1:${node.addr.port}`, over, "wrong-key");
    match(error.message, /^Cannot reach \w{52}@127\.0\.0\.1:\d+: another node answers there; /);
    deepStrictEqual(error.attempts.map((each) => each.transport), [transport]);
    strictEqual(node.counters.accepted, 0);
  });

  Deno.test(`${transport}: dial() refuses another certificate than the pinned one`, async () => {
    await using node = await start();
    const target = `sha256:${"0".repeat(64)}@127.0.0.1:${node.addr.port}`;
    await failure(target, over, "wrong-key");
    strictEqual(node.counters.accepted, 0);
  });

  Deno.test(`${transport}: dial() trusts no node of ours by name: no browser would`, async () => {
    await using node = await start({ names: ["localhost", "127.0.0.1"] });
    for (const host of ["localhost", "127.0.0.1"]) {
      await failure(`${host}:${node.addr.port}`, over, "wrong-key");
    }
  });

  Deno.test(`${transport}: dial() says when the node does not serve the protocol`, async () => {
    await using node = await start();
    const error = await failure(at(node), { ...over, alpn: "test/none" }, "no-alpn");
    match(error.message, /the node does not serve this protocol/);
  });

  Deno.test(`${transport}: an abort ends a dial at once and leaks nothing`, async () => {
    await using hole = blackHole();
    const target = `${ANYBODY}@127.0.0.1:${hole.port}`;
    const controller = new AbortController();
    const began = Date.now();
    const dialling = failure(target, { ...over, signal: controller.signal }, "aborted");
    setTimeout(() => controller.abort(), 50);
    await dialling;
    ok(Date.now() - began < 1_000);
    await failure(target, { ...over, signal: AbortSignal.abort() }, "aborted");
  });

  Deno.test(`${transport}: a silent address costs timeoutMs and no more`, async () => {
    await using hole = blackHole();
    const began = Date.now();
    const target = `${ANYBODY}@127.0.0.1:${hole.port}`;
    const error = await failure(target, { ...over, timeoutMs: 300 }, "unreachable");
    match(error.message, /: no answer$/);
    ok(Date.now() - began < 2_000);
  });
}

Deno.test("a dead port is reported within the time given, with everything that was tried", async () => {
  const port = freePort();
  const target = `${ANYBODY}@127.0.0.1:${port},[::1]:${port}`;
  const error = await failure(target, { alpn: ALPN, timeoutMs: 1_500 }, "unreachable");
  deepStrictEqual(error.attempts.map((each) => `${each.transport} ${each.address}`).sort(), [
    `quic 127.0.0.1:${port}`,
    `quic [::1]:${port}`,
    `tls 127.0.0.1:${port}`,
    `tls [::1]:${port}`,
  ]);
  for (const part of ["quic 127.0.0.1", "tls [::1]", "ECONNREFUSED"]) {
    ok(error.message.includes(part), error.message);
  }
});

Deno.test("a dead port over TLS alone is reported at once", async () => {
  const began = Date.now();
  await failure(`${ANYBODY}@127.0.0.1:${freePort()}`, { alpn: ALPN, transports: ["tls"] });
  ok(Date.now() - began < 1_000);
});

Deno.test("a name that does not resolve is reported as that", async () => {
  await failure(`${ANYBODY}@nowhere.invalid`, { alpn: ALPN }, "name");
});

Deno.test("a second address is tried while the first one is silent", async () => {
  await using hole = blackHole();
  await using node = await start();
  const target = `${node.nodeId}@127.0.0.1:${hole.port},127.0.0.1:${node.addr.port}`;
  await using conn = await dial(target, { alpn: ALPN });
  strictEqual(conn.remoteAddr.port, node.addr.port);
  await roundTrip(conn);
});

Deno.test("blocked UDP costs a head start once, then TLS goes first until QUIC is probed again", async (t) => {
  let now = 0;
  const paths = new PathMemory({ now: () => now, reprobeMs: 1_000 });
  await using node = await start({ listen: [{ hostname: "127.0.0.1", transports: ["tls"] }] });
  await using _ = deafUdp(node.addr.port);
  const timed = async (): Promise<number> => {
    const began = performance.now();
    await using conn = await dial(at(node), { alpn: ALPN, paths });
    strictEqual(conn.transport, "tls");
    return Math.round(performance.now() - began);
  };
  const first = await timed();
  strictEqual(paths.preferred(at(node)), "tls");
  const second = await timed();
  now = 1_000;
  strictEqual(paths.preferred(at(node)), "quic");
  const probed = await timed();
  strictEqual(paths.preferred(at(node)), "tls");
  const measured = `${first} ms, ${second} ms when remembered, ${probed} ms when probed again`;
  await t.step(`measured: ${measured}`, () => ok(Math.max(first, second, probed) < 1_500));
  ok(first >= 200 && probed >= 200, "QUIC had no head start");
});

Deno.test("the winner is remembered, unless only one transport was allowed to run", async () => {
  const paths = new PathMemory();
  await using node = await start();
  await using tls = await dial(at(node), { alpn: ALPN, paths, transports: ["tls"] });
  strictEqual(tls.transport, "tls");
  deepStrictEqual(paths.toJSON(), {});
  await using quic = await dial(at(node), { alpn: ALPN, paths });
  strictEqual(quic.transport, "quic");
  strictEqual(paths.preferred(at(node)), "quic");
});

Deno.test("TLS alone has no head start to wait for", async () => {
  await using node = await start();
  const began = performance.now();
  for (let round = 0; round < 5; round++) {
    await using _ = await dial(at(node), { alpn: ALPN, transports: ["tls"] });
  }
  ok(performance.now() - began < 900, "five dials waited for QUIC's head start");
});

Deno.test("a dial may share the endpoint of a listening node, and the port with it", async () => {
  await using node = await start();
  await using other = await start();
  const options = { alpn: ALPN, quicEndpoint: other.quicEndpoint, transports: ["quic"] as const };
  await using conn = await dial(at(node), options);
  await roundTrip(conn);
  strictEqual(node.connections[0]?.remoteAddr.port, other.addr.port);
});

Deno.test("a key is not offered to a node that turned out to be another", async () => {
  // The attack: a node in the middle wants to learn who dials. The handshake fails before any
  // byte of the exchange.
  let asked = 0;
  await using node = await start();
  const key = await generateNodeKey();
  const identity = {
    publicKey: key.publicKey,
    sign: (message: Uint8Array) => {
      asked++;
      return key.sign(message);
    },
  };
  await failure(`${ANYBODY}@127.0.0.1:${node.addr.port}`, { alpn: ALPN, identity }, "wrong-key");
  strictEqual(asked, 0);
});

Deno.test("dialling with a key a protocol that does not ask ends within the time given", async () => {
  await using node = await start();
  const identity = await generateNodeKey();
  const began = Date.now();
  await rejects(dial(at(node), { alpn: ALPN, identity, timeoutMs: 300 }));
  ok(Date.now() - began < 2_000);
});

const ANYBODY = formatNodeId((await generateNodeKey()).publicKey);

function start(options: Partial<ServeOptions> = {}): Promise<Endpoint> {
  return serve({
    hostname: "127.0.0.1",
    handlers: [{
      name: "echo",
      alpn: [ALPN],
      accept: (conn) => forEachStream(conn, (stream) => stream.readable.pipeTo(stream.writable)),
    }],
    limits: { drainTimeoutMs: 50 },
    ...options,
  });
}

function at(node: Endpoint): string {
  return `${node.nodeId}@127.0.0.1:${node.addr.port}`;
}

async function roundTrip(conn: Connection): Promise<void> {
  const stream = await conn.openStream();
  await stream.write(new Uint8Array([1, 2, 3]));
  strictEqual(await stream.read(new Uint8Array(8)), 3);
}

async function failure(
  target: string,
  options: DialOptions,
  expected: DialFailure = "unreachable",
): Promise<DialError> {
  try {
    await using _ = await dial(target, options);
  } catch (error) {
    if (!(error instanceof DialError)) throw error;
    strictEqual(error.failure, expected, error.message);
    return error;
  }
  throw new Error(`${target} was reached`);
}

/** A port number on which TCP connects and UDP arrives, and nobody says anything. */
function blackHole(): AsyncDisposable & { port: number } {
  const tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = tcp.addr as Deno.NetAddr;
  const udp = deafUdp(port);
  return {
    port,
    async [Symbol.asyncDispose](): Promise<void> {
      tcp.close();
      await udp[Symbol.asyncDispose]();
    },
  };
}

function deafUdp(port: number): AsyncDisposable {
  const udp = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port });
  return { [Symbol.asyncDispose]: () => Promise.resolve(udp.close()) };
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}
