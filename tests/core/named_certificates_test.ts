import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { connect as tlsConnect } from "node:tls";

import {
  type Endpoint,
  generateNodeKey,
  type Handler,
  issueLeaf,
  type Leaf,
  type NamedCertificates,
  type NodeKey,
  nodeServerName,
  type RawTlsService,
  serve,
  signedAnchor,
} from "@alknet/core";
import { ALPN, echo, pause, reach, roundTrip, start, TRANSPORTS, until } from "./support.ts";

const NAME = "public.example";

/** Certificates for one name, issued by hand. */
class Named implements NamedCertificates {
  leaf: Leaf | undefined = undefined;
  readonly authority: NodeKey;
  readonly raw?: RawTlsService;
  readonly #listeners = new Set<() => void>();

  constructor(authority: NodeKey, raw?: RawTlsService) {
    this.authority = authority;
    this.raw = raw;
  }

  get names(): readonly string[] {
    return this.leaf ? [NAME] : [];
  }

  leafFor(name: string): Leaf | undefined {
    return name === NAME ? this.leaf : undefined;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async turn(): Promise<void> {
    this.leaf = await issueLeaf(this.authority, { names: [NAME] });
    for (const listener of this.#listeners) listener();
  }

  get listening(): number {
    return this.#listeners.size;
  }
}

function startNamed(named: Named, quicCertificate?: "own" | "named"): Promise<Endpoint> {
  return serve({
    handlers: [echo()],
    listen: [{ hostname: "127.0.0.1", named, quicCertificate }],
  });
}

Deno.test("over TLS the named certificate is for its name, the node's own for all others", async () => {
  const named = new Named(await generateNodeKey());
  await using node = await startNamed(named);
  const own = nodeServerName(node.key.publicKey);
  await rejects(verified(node, NAME, named.authority));
  await named.turn();
  await verified(node, NAME, named.authority);
  await verified(node, NAME.toUpperCase(), named.authority);
  await verified(node, own, node.key);
  await rejects(verified(node, NAME, node.key));
  for (const transport of TRANSPORTS) {
    await using conn = await reach(node, transport);
    await roundTrip(conn);
  }
  await named.turn();
  await verified(node, NAME, named.authority);
  await node.close();
  strictEqual(named.listening, 0);
});

Deno.test("QUIC shows the named certificate only where that is wanted", async () => {
  for (const quicCertificate of ["own", "named"] as const) {
    const named = new Named(await generateNodeKey());
    await using node = await startNamed(named, quicCertificate);
    await reach(node, "quic").then((conn) => conn.close());
    await named.turn();
    const dialled = overQuic(node, NAME, named.authority);
    if (quicCertificate === "named") (await dialled).close();
    else await rejects(dialled);
    const byKey = reach(node, "quic");
    if (quicCertificate === "own") (await byKey).close();
    else await rejects(byKey);
  }
});

Deno.test("a handler learns of QUIC where it shows what TLS shows for the name", async () => {
  // Browsers that had come by the public name were sent to QUIC, where the node's own certificate
  // awaited them, and the other way about.
  for (const quicCertificate of ["own", "named"] as const) {
    const named = new Named(await generateNodeKey());
    const { look, ports } = looking();
    const listen = [{ hostname: "127.0.0.1", named, quicCertificate }];
    await using node = await serve({ handlers: [look], listen });
    const own = nodeServerName(node.key.publicKey);
    const { port } = node.addr;
    await verified(node, own, node.key);
    await until(() => ports.length === 1);
    deepStrictEqual(ports.splice(0), [port], "there is one certificate only");
    await named.turn();
    for (const [name, key] of [[own, node.key], [NAME, named.authority]] as const) {
      await verified(node, name, key);
      await until(() => ports.length === 1);
      const same = (name === NAME) === (quicCertificate === "named");
      deepStrictEqual(ports.splice(0), [same ? port : undefined], `${quicCertificate} ${name}`);
    }
    const overQuic = await reach(node, "quic").catch(() => undefined); // not by key, where named
    if (overQuic) {
      await until(() => ports.length === 1);
      deepStrictEqual(ports, [undefined]);
      overQuic.close();
    }
  }
});

Deno.test("a handler learns of no QUIC where there is none", async () => {
  const { look, ports } = looking();
  const listen = [{ hostname: "127.0.0.1", transports: ["tls"] as const }];
  await using node = await serve({ handlers: [look], listen });
  await verified(node, nodeServerName(node.key.publicKey), node.key);
  await until(() => ports.length === 1);
  deepStrictEqual(ports, [undefined]);
});

Deno.test("a raw service takes the connections it knows, and others go on to TLS", async () => {
  const served: string[] = [];
  const raw: RawTlsService = {
    wanted: true,
    recognizes: (bytes) => bytes.length < 3 ? undefined : bytes[0] === 0x21,
    serve: async ({ bytes, write }) => {
      for await (const chunk of bytes) served.push(new TextDecoder().decode(chunk));
      await write(new TextEncoder().encode("done"));
    },
  };
  await using node = await startNamed(new Named(await generateNodeKey(), raw));
  await using conn = await reach(node, "tls");
  await roundTrip(conn, "x".repeat(100_000));
  using socket = await Deno.connect(node.addr);
  for (const part of ["!", "!", "!?", "end"]) {
    await socket.write(new TextEncoder().encode(part));
    await pause(5);
  }
  await socket.closeWrite();
  strictEqual(await new Response(socket.readable).text(), "done");
  match(served.join(""), /^!!!\?/);
  strictEqual(node.counters.accepted, 1);
});

Deno.test("a raw service that fails, or whose peer leaves, ends that connection only", async () => {
  const raw: RawTlsService = {
    wanted: true,
    recognizes: (bytes) => bytes.length < 3 ? undefined : bytes[0] === 0x21,
    serve: () => Promise.reject(new TypeError("On purpose")),
  };
  await using node = await startNamed(new Named(await generateNodeKey(), raw));
  for (const text of ["!!!", "!"]) {
    using socket = await Deno.connect(node.addr);
    await socket.write(new TextEncoder().encode(text));
    await socket.closeWrite();
    strictEqual(await socket.read(new Uint8Array(1)).catch(() => null), null);
  }
  strictEqual(node.counters.handshakeFailed, 1);
  await using conn = await reach(node, "tls");
  await roundTrip(conn);
  await until(() => node.counters.handshaking === 0);
});

Deno.test("who says nothing to a raw service is cut off after handshakeTimeoutMs", async () => {
  const raw: RawTlsService = {
    wanted: true,
    recognizes: () => undefined,
    serve: () => Promise.resolve(),
  };
  const named = new Named(await generateNodeKey(), raw);
  const listen = [{ hostname: "127.0.0.1", named }];
  await using node = await start({ listen, limits: { handshakeTimeoutMs: 100 } });
  using socket = await Deno.connect(node.addr);
  await socket.write(new Uint8Array(10));
  strictEqual(await socket.read(new Uint8Array(1)).catch(() => null), null);
  deepStrictEqual([node.counters.handshakeTimeout, node.counters.handshaking], [1, 0]);
});

/** A handler that notes which port of QUIC it is told of. */
function looking(): { readonly look: Handler; readonly ports: (number | undefined)[] } {
  const ports: (number | undefined)[] = [];
  const accept: Handler["accept"] = (_conn, ctx) => Promise.resolve(void ports.push(ctx.quicPort));
  return { look: { name: "look", alpn: [ALPN], accept }, ports };
}

/** Completes a handshake with a server that shows a certificate of this authority for the name. */
async function verified(node: Endpoint, servername: string, authority: NodeKey): Promise<void> {
  const ca = await signedAnchor(authority);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const { hostname: host, port } = node.addr;
  const socket = tlsConnect({ host, port, servername, ca, ALPNProtocols: [ALPN] }, resolve);
  socket.once("error", reject);
  await promise.finally(() => socket.destroy());
}

async function overQuic(
  node: Endpoint,
  serverName: string,
  authority: NodeKey,
): Promise<Deno.QuicConn> {
  const caCerts = [await signedAnchor(authority)];
  return await Deno.connectQuic({ ...node.addr, serverName, caCerts, alpnProtocols: [ALPN] });
}
