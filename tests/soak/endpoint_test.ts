/**
 * Ten thousand connects and disconnects with the sanitizers on: nothing may stay behind, neither
 * connections nor descriptors nor memory. Deno's QUIC allocates some 200 MB over the first thousands
 * of connections and stays there, also without any code of ours; so memory is compared between the
 * halves.
 */
import { dial } from "@alknet/client";
import { type Endpoint, forEachStream, generateNodeKey, serve } from "@alknet/core";
import { ConfigIdentities, keyFingerprint } from "@alknet/core";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";

const CONNECTIONS = 5_000;
const AT_ONCE = 50;
const SETTLE_MS = 3_000;
const MAX_GROWTH_BYTES = 100 * 1024 * 1024;

for (const transport of ["quic", "tls"] as const) {
  Deno.test(`${CONNECTIONS} connects and disconnects over ${transport} leave nothing behind`, async () => {
    const key = await generateNodeKey();
    const owner = keyFingerprint(key.publicKey);
    await using node = await serve({
      hostname: "127.0.0.1",
      identities: new ConfigIdentities({ peers: [], tokens: [], owner }),
      handlers: [{
        name: "echo",
        alpn: ["example/echo"],
        peerAuth: "required",
        accept: (conn) => forEachStream(conn, (stream) => stream.readable.pipeTo(stream.writable)),
      }],
    });
    const dialler = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
    const connect = () => roundTrip(node, key, transport, dialler);
    await batches(CONNECTIONS / 2, connect);
    const before = resources();
    await batches(CONNECTIONS / 2, connect);
    await settled(node);
    const after = resources();
    dialler.close();
    report(transport, before, after);
    strictEqual(node.counters.active, 0, JSON.stringify(node.counters));
    strictEqual(node.counters.handshaking, 0);
    strictEqual(node.counters.accepted, CONNECTIONS);
    deepStrictEqual(node.connections, []);
    ok(after.descriptors <= before.descriptors + AT_ONCE, "descriptors leak");
    ok(after.rss - before.rss < MAX_GROWTH_BYTES, "memory leaks");
  });
}

async function roundTrip(
  node: Endpoint,
  identity: Awaited<ReturnType<typeof generateNodeKey>>,
  transport: "quic" | "tls",
  quicEndpoint: Deno.QuicEndpoint,
): Promise<void> {
  await using conn = await dial(`${node.nodeId}@127.0.0.1:${node.addr.port}`, {
    alpn: "example/echo",
    identity,
    transports: [transport],
    quicEndpoint,
  });
  const stream = await conn.openStream();
  await stream.write(new Uint8Array(100));
  await stream.closeWrite();
  strictEqual((await new Response(stream.readable).bytes()).length, 100);
}

async function batches(count: number, task: () => Promise<void>): Promise<void> {
  for (let done = 0; done < count; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, task));
  }
}

/** The handler's side of the last connections ends a moment after the client's. */
async function settled(node: Endpoint): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  while (node.counters.active > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

interface Resources {
  readonly descriptors: number;
  readonly rss: number;
}

function resources(): Resources {
  const descriptors = [...Deno.readDirSync("/proc/self/fd")].length;
  return { descriptors, rss: Deno.memoryUsage().rss };
}

function report(transport: string, before: Resources, after: Resources): void {
  const mib = (bytes: number) => Math.round(bytes / 1_048_576);
  // deno-lint-ignore no-console -- figures for whoever reads the run
  console.log(
    `  ${transport}: descriptors ${before.descriptors} -> ${after.descriptors}, ` +
      `memory ${mib(before.rss)} -> ${mib(after.rss)} MiB`,
  );
}
