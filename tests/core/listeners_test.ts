import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";

import { dial } from "@alknet/client";
import {
  type CertificateSource,
  fileCertificates,
  generateNodeKey,
  issueLeaf,
  ListenError,
  serve,
} from "@alknet/core";
import { ALPN, at, echo, keeper, reach, roundTrip, start, TRANSPORTS } from "./support.ts";

Deno.test("QUIC and TLS share one port number", async () => {
  await using node = await start();
  for (const transport of TRANSPORTS) {
    await using conn = await reach(node, transport);
    strictEqual(conn.transport, transport);
    strictEqual(conn.remoteAddr.port, node.addr.port);
    await roundTrip(conn);
  }
});

Deno.test("`::` takes IPv4 and IPv6, and shows IPv4 addresses as IPv4", async () => {
  const handler = keeper();
  const limits = { drainTimeoutMs: 50 };
  await using node = await start({ hostname: "::", handlers: [handler], limits });
  for (const [written, seen] of [["127.0.0.1", "127.0.0.1"], ["[::1]", "::1"]] as const) {
    for (const transport of TRANSPORTS) {
      await using _ = await dial(at(node, written), { alpn: ALPN, transports: [transport] });
      strictEqual((await handler.next()).remoteAddr.hostname, seen);
    }
  }
});

Deno.test("`localhost` is dialled at whichever address answers", async () => {
  await using node = await start({ hostname: "::" });
  for (const transport of TRANSPORTS) {
    await using conn = await dial(at(node, "localhost"), { alpn: ALPN, transports: [transport] });
    await roundTrip(conn);
  }
});

Deno.test("after close() the TCP port is free again", async () => {
  const node = await start({ listen: [{ hostname: "127.0.0.1", transports: ["tls"] }] });
  const { port } = node.addr;
  await node.close();
  await using again = await start({
    listen: [{ hostname: "127.0.0.1", port, transports: ["tls"] }],
  });
  await using conn = await reach(again, "tls");
  await roundTrip(conn);
});

Deno.test("a port in use is one clear error, and nothing stays open", async () => {
  await using node = await start();
  const { port } = node.addr;
  await rejects(start({ port }), (error) => {
    ok(error instanceof ListenError);
    match(error.message, /Cannot listen on (TCP|UDP) 127\.0\.0\.1:\d+: .*in use/i);
    return true;
  });
  await using socket = udpOnly();
  await rejects(start({ port: socket.port }), /Cannot listen on UDP/);
});

Deno.test("a node may have several listeners with certificates of their own", async () => {
  const dir = await Deno.makeTempDir();
  const other = await generateNodeKey(); // stands for a public authority
  const leaf = await issueLeaf(other, { names: ["web.example"] });
  await Deno.writeTextFile(`${dir}/cert.pem`, leaf.cert);
  await Deno.writeTextFile(`${dir}/key.pem`, leaf.key);
  const files = { certFile: `${dir}/cert.pem`, keyFile: `${dir}/key.pem`, pollMs: 20 };
  const source = await fileCertificates(files);
  await using node = await serve({
    handlers: [echo()],
    listen: [
      { hostname: "127.0.0.1" },
      { hostname: "127.0.0.1", certificates: source },
      { hostname: "::1", transports: ["tls"] },
    ],
  });
  const [own, web, v6] = node.listeners;
  ok(own && web && v6);
  deepStrictEqual([own.transports, v6.transports], [["quic", "tls"], ["tls"]]);
  await dialled(`${node.nodeId}@127.0.0.1:${own.addr.port}`);
  await dialled(`${node.nodeId}@[::1]:${v6.addr.port}`);
  await dialled(`sha256:${leaf.sha256.toHex()}@127.0.0.1:${web.addr.port}`);
  await rejects(dialled(`${node.nodeId}@127.0.0.1:${web.addr.port}`), { failure: "wrong-key" });

  const next = await issueLeaf(other, { names: ["web.example"] });
  const changed = lastChange(source);
  await Deno.writeTextFile(files.certFile, next.cert); // with a moment in which the two differ
  await Deno.writeTextFile(files.keyFile, next.key);
  await changed;
  strictEqual(web.certificates.leaf.sha256.toHex(), next.sha256.toHex());
  await dialled(`sha256:${next.sha256.toHex()}@127.0.0.1:${web.addr.port}`);
  await Deno.remove(dir, { recursive: true });
});

async function dialled(target: string): Promise<void> {
  await using conn = await dial(target, { alpn: ALPN });
  await roundTrip(conn);
}

/** Waits for one change and stops the source then, while it reads no file. */
function lastChange(source: CertificateSource): Promise<void> {
  const { onChange } = source;
  return new Promise((resolve) => {
    source.onChange = () => {
      onChange?.();
      source[Symbol.dispose]();
      resolve();
    };
  });
}

function udpOnly(): AsyncDisposable & { port: number } {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  return {
    port: (socket.addr as Deno.NetAddr).port,
    [Symbol.asyncDispose]: () => Promise.resolve(socket.close()),
  };
}
