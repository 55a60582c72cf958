import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { DialError } from "@alknet/client";
import { type Connection, forEachStream, type Handler } from "@alknet/core";
import {
  ALPN,
  drained,
  echo,
  keeper,
  reach,
  roundTrip,
  start,
  TRANSPORTS,
  until,
} from "./support.ts";

for (const transport of TRANSPORTS) {
  Deno.test(`${transport}: the bytes of each connection are counted, and stay in the sum after it`, async () => {
    await using node = await start();
    const conn = await reach(node, transport);
    await roundTrip(conn, "x".repeat(100_000));
    const [open] = node.connections;
    deepStrictEqual([open?.bytesReceived, open?.bytesSent], [100_000, 100_000]);
    conn.close();
    await until(() => node.connections.length === 0);
    deepStrictEqual(node.traffic, { received: 100_000, sent: 100_000 });
  });
}

for (const transport of TRANSPORTS) {
  Deno.test(`${transport}: a handler that throws or hangs leaves its neighbours alone`, async () => {
    const broken: Handler = {
      name: "broken",
      alpn: ["t/throws"],
      accept: () => Promise.reject(new Error("secret detail")),
    };
    const hanging: Handler = {
      name: "hangs",
      alpn: ["t/hangs"],
      accept: () => new Promise(() => {}),
    };
    const limits = { drainTimeoutMs: 50 };
    await using node = await start({ handlers: [echo(), broken, hanging], limits });
    await using conn = await reach(node, transport);
    await using stuck = await reach(node, transport, { alpn: "t/hangs" });
    await using failed = await reach(node, transport, { alpn: "t/throws" });
    const info = await endOf(failed);
    if (transport === "quic") deepStrictEqual({ ...info }, { code: 1, reason: "failed" });
    strictEqual(node.counters.handlerFailed, 1);
    await roundTrip(conn);
    strictEqual(stuck.signal.aborted, false);
  });

  Deno.test(`${transport}: a handler that throws at once, not as a promise, is contained too`, async () => {
    const accept = (): Promise<void> => {
      throw new Error("at once");
    };
    await using node = await start({ handlers: [{ name: "rude", alpn: [ALPN], accept }] });
    await using conn = await reach(node, transport);
    await endOf(conn);
    strictEqual(node.counters.handlerFailed, 1);
  });

  Deno.test(`${transport}: close() lets running streams finish and turns newcomers away`, async () => {
    const started = Promise.withResolvers<void>();
    const handler = echo({
      accept: (conn, ctx) =>
        forEachStream(conn, async (stream) => {
          started.resolve();
          await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
          await stream.write(new TextEncoder().encode("last words"));
          await stream.closeWrite();
          await drained(stream);
        }),
    });
    const node = await start({ handlers: [handler], limits: { drainTimeoutMs: 5_000 } });
    await using conn = await reach(node, transport);
    const stream = await conn.openStream();
    await stream.write(new Uint8Array([1]));
    await started.promise;
    const closing = node.close();
    const began = Date.now();
    await rejects(reach(node, transport, { timeoutMs: 3_000 }), DialError);
    ok(Date.now() - began < 2_000, "newcomers were left waiting");
    strictEqual(await drained(stream), "last words".length);
    await stream.closeWrite();
    conn.close();
    await closing;
  });

  Deno.test(`${transport}: a hanging handler is closed with code 5 after the drain time`, async () => {
    const handler = echo({ accept: () => new Promise(() => {}) });
    const node = await start({ handlers: [handler], limits: { drainTimeoutMs: 100 } });
    await using conn = await reach(node, transport);
    await until(() => node.counters.accepted === 1);
    const began = Date.now();
    await node.close();
    ok(Date.now() - began < 1_500);
    const info = await endOf(conn);
    if (transport === "quic") deepStrictEqual({ ...info }, { code: 5, reason: "shutting down" });
  });
}

Deno.test("close() ends idle connections with code 5, within a second", async () => {
  const handler = keeper();
  const node = await start({ handlers: [handler], limits: { drainTimeoutMs: 50 } });
  await using quic = await reach(node, "quic");
  await using tls = await reach(node, "tls");
  await handler.next().then(handler.next);
  const began = Date.now();
  await node.close();
  deepStrictEqual({ ...await quic.closed }, { code: 5, reason: "shutting down" });
  await endOf(tls);
  ok(Date.now() - began < 1_000);
});

Deno.test("close() twice is close() once, and each handler is shut down once, after its last connection", async () => {
  const seen: string[] = [];
  const handler = echo({
    accept: async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      seen.push("served");
    },
    shutdown: () => Promise.resolve(void seen.push("shut down")),
  });
  const node = await start({ handlers: [handler], limits: { lingerTimeoutMs: 20 } });
  await using _ = await reach(node, "tls");
  await until(() => node.counters.accepted === 1);
  await Promise.all([node.close(), node.close()]);
  await node.close();
  deepStrictEqual(seen, ["served", "shut down"]);
});

/** How a connection ends that the other side ends: on TLS its stream has to be read for that. */
async function endOf(conn: Connection): Promise<{ code: number; reason: string }> {
  if (conn.transport === "tls") await drained(await conn.openStream()).catch(() => {});
  else return await conn.closed;
  conn.close();
  return await conn.closed;
}
