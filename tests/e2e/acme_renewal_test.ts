/** The life of a certificate from an ACME server: renewed, refused, given up, had again. */
import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from "node:assert/strict";

import { dial } from "@alknet/client";
import { generateNodeKey, nodeServerName, signedAnchor } from "@alknet/core";

import { freePort } from "../tools/free_port.ts";
import { exchange, until } from "../core/support.ts";
import { testOrSkip } from "../tools/skip.ts";
import { changed, NAME, openAcme, shown, startNode } from "./support/acme.ts";
import { noPebble, startPebble } from "./support/pebble.ts";

const SOON = { retryFirstMs: 200, retryMaxMs: 200 };

testOrSkip(
  "at two thirds of its life a certificate is renewed, and connections live on",
  noPebble(),
  async () => {
    const port = freePort();
    await using pebble = await startPebble({ tlsPort: port, lifetimeSeconds: 12 });
    await using acme = await openAcme(pebble, { schedule: { random: () => 0 } });
    await using node = await startNode({ port, named: acme });
    acme.start();
    await changed(acme);
    const first = acme.leaf;
    strictEqual(await shown(port), first?.sha256.toHex());
    const streams = await Promise.all((["tls", "quic"] as const).map(async (transport) => {
      const target = `${node.nodeId}@127.0.0.1:${port}`;
      const conn = await dial(target, { alpn: "test/echo", transports: [transport] });
      return { conn, stream: await conn.openStream() };
    }));
    await changed(acme);
    notStrictEqual(acme.leaf, first);
    strictEqual(await shown(port), acme.leaf?.sha256.toHex());
    ok(Date.now() < (first?.notAfter.getTime() ?? 0), "it was renewed in time");
    for (const { conn, stream } of streams) {
      await using _conn = conn;
      await exchange(stream);
    }
  },
);

testOrSkip(
  "a name is asked for by the node id too, and each gets its own certificate",
  noPebble(),
  async () => {
    const port = freePort();
    await using pebble = await startPebble({ tlsPort: port });
    await using acme = await openAcme(pebble);
    await using node = await startNode({ port, named: acme, quicCertificate: "named" });
    acme.start();
    await changed(acme);
    const own = node.listeners[0]?.certificates.leaf.sha256.toHex();
    strictEqual(await shown(port, NAME.toUpperCase()), acme.leaf?.sha256.toHex());
    for (const name of [nodeServerName(node.key.publicKey), "other.example"]) {
      strictEqual(await shown(port, name), own);
    }
    const conn = await Deno.connectQuic({
      ...{ hostname: "127.0.0.1", port, serverName: NAME, alpnProtocols: ["test/echo"] },
      caCerts: [await pebble.root()],
    });
    strictEqual(conn.protocol, "test/echo");
    conn.close();
    // QUIC has one certificate for all: who dials by key comes over TLS.
    await using dialled = await dial(`${node.nodeId}@127.0.0.1:${port}`, { alpn: "test/echo" });
    strictEqual(dialled.transport, "tls");
  },
);

testOrSkip(
  "while the authority is away the node's own certificate serves, and it tries again",
  noPebble(),
  async () => {
    const [port, own] = [freePort(), freePort()];
    const issuer = await generateNodeKey();
    const caCert = await signedAnchor(issuer);
    await using acme = await openAcme(
      { directoryUrl: `https://localhost:${own}/dir`, caCert },
      { schedule: SOON },
    );
    await using node = await startNode({ port, named: acme });
    acme.start();
    await until(() => acme.status.failures >= 2);
    match(acme.status.problem ?? "", /no answer from https:/);
    strictEqual(await shown(port), node.listeners[0]?.certificates.leaf.sha256.toHex());
    await using _pebble = await startPebble({ port: own, tlsPort: port, issuer });
    await changed(acme);
    deepStrictEqual([acme.status.failures, acme.status.problem], [0, undefined]);
  },
);

testOrSkip(
  "a certificate that nobody renews is shown to its end, and not longer",
  noPebble(),
  async () => {
    const port = freePort();
    const pebble = await startPebble({ tlsPort: port, lifetimeSeconds: 4 });
    await using acme = await openAcme(pebble, { schedule: SOON });
    await using node = await startNode({ port, named: acme, quicCertificate: "named" });
    acme.start();
    await changed(acme);
    const first = acme.leaf;
    await pebble[Symbol.asyncDispose]();
    while (acme.leaf === first) await changed(acme);
    strictEqual(acme.leaf, undefined);
    ok(Date.now() >= (first?.notAfter.getTime() ?? Infinity));
    strictEqual(await shown(port), node.listeners[0]?.certificates.leaf.sha256.toHex());
    // QUIC has gone back to the node's own certificate as well.
    const target = `${node.nodeId}@127.0.0.1:${port}`;
    await using conn = await dial(target, { alpn: "test/echo", transports: ["quic"] });
    strictEqual(conn.transport, "quic");
  },
);
