import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from "node:assert/strict";
import { connect as tlsConnect } from "node:tls";

import { dial, DialError } from "@alknet/client";
import {
  AlpnConflictError,
  type CertificateSource,
  type Connection,
  type Endpoint,
  fileCertificates,
  forEachStream,
  generateNodeKey,
  type Handler,
  issueLeaf,
  ListenError,
  nodeServerName,
  serve,
  signedAnchor,
} from "@alknet/core";
import { missing, testOrSkip } from "../tools/skip.ts";
import {
  ALPN,
  at,
  drained,
  echo,
  exchange,
  keeper,
  pause,
  reach,
  roundTrip,
  start,
  TRANSPORTS,
  until,
} from "./support.ts";

Deno.test("QUIC and TLS share one port number", async () => {
  await using node = await start();
  for (const transport of TRANSPORTS) {
    await using conn = await reach(node, transport);
    strictEqual(conn.transport, transport);
    strictEqual(conn.remoteAddr.port, node.addr.port);
    await roundTrip(conn);
  }
});

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

for (const transport of TRANSPORTS) {
  Deno.test(`${transport}: the server's order of handlers decides, not the client's`, async () => {
    await using node = await start({ handlers: [named("b", "t/b"), named("a", "t/a2", "t/a1")] });
    strictEqual(await chosen(node, transport, ["t/a1", "t/a2", "t/b"]), "t/b");
    strictEqual(await chosen(node, transport, ["t/a1", "t/a2"]), "t/a2");
    strictEqual(await chosen(node, transport, ["nope", "t/a1"]), "t/a1");
  });

  Deno.test(`${transport}: an unknown ALPN fails the handshake and reaches no handler`, async () => {
    await using node = await start();
    await rejects(reach(node, transport, { alpn: "test/unknown" }), (error) => {
      ok(error instanceof DialError);
      strictEqual(error.failure, "no-alpn");
      match(error.message, /the node does not serve this protocol/);
      return true;
    });
    await until(() => node.counters.handshakeFailed > 0);
    strictEqual(node.counters.accepted, 0);
  });

  Deno.test(`${transport}: a client may offer 1,000 ALPNs`, async () => {
    // 64 KiB is the most a list can carry (RFC 7301); 1,000 short names are some 9 kB.
    await using node = await start();
    const many = Array.from({ length: 1_000 }, (_, index) => `t/${index}`);
    strictEqual(await chosen(node, transport, [...many, ALPN]), ALPN);
    await rejects(chosen(node, transport, many));
    await using conn = await reach(node, transport);
    await roundTrip(conn);
  });

  Deno.test(`${transport}: handlers come and go while clients connect, and none is refused`, async () => {
    await using node = await start();
    await using old = await reach(node, transport);
    const stream = await old.openStream();
    await exchange(stream);
    let swapping = true;
    const dialled = dialUntil(node, transport, () => !swapping);
    for (let round = 0; round < 10; round++) {
      node.addHandler(named("extra", `t/extra${round}`));
      strictEqual(await chosen(node, transport, [`t/extra${round}`]), `t/extra${round}`);
      ok(node.removeHandler("extra"));
      await rejects(chosen(node, transport, [`t/extra${round}`]));
    }
    swapping = false;
    ok(await dialled >= 3, "too few dials to say anything");
    await exchange(stream, "still here");
  });

  Deno.test(`${transport}: connections of a removed handler go on to their end`, async () => {
    await using node = await start();
    await using conn = await reach(node, transport);
    const stream = await conn.openStream();
    await exchange(stream);
    strictEqual(node.removeHandler("echo"), true);
    strictEqual(node.removeHandler("echo"), false);
    await exchange(stream);
    await rejects(reach(node, transport), DialError);
  });

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

Deno.test("two handlers cannot claim one ALPN, at the start or later", async () => {
  const rival = named("rival", ALPN);
  await rejects(start({ handlers: [echo(), rival] }), AlpnConflictError);
  await using node = await start();
  throws(() => node.addHandler(rival), AlpnConflictError);
  await using conn = await reach(node, "tls");
  await roundTrip(conn);
});

Deno.test("a QUIC client without ALPN fails its handshake with alert 120", async () => {
  await using node = await start();
  await rejects(chosen(node, "quic", []), /error 120/);
  await until(() => node.counters.handshakeFailed === 1);
  strictEqual(node.counters.accepted, 0);
});

Deno.test("a TLS client without ALPN is told so and let go", async () => {
  await using node = await start();
  const said = await new Promise<string>((resolve, reject) => {
    const socket = tlsConnect({
      host: "127.0.0.1",
      port: node.addr.port,
      rejectUnauthorized: false,
    });
    let text = "";
    socket.on("data", (chunk) => text += chunk);
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
  strictEqual(said, "ALPN required\r\n");
  strictEqual(node.counters.handshakeFailed, 1);
  strictEqual(node.counters.accepted, 0);
});

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

testOrSkip("openssl sees alert 120 for an unknown ALPN", missing("openssl"), async () => {
  await using node = await start();
  const out = await openssl(node, ["-alpn", "nope"]);
  match(out, /alert number 120|no application protocol/);
});

testOrSkip(
  "openssl verifies the node by its anchor and reaches the handler",
  missing("openssl"),
  async () => {
    await using node = await start();
    const dir = await Deno.makeTempDir();
    await Deno.writeTextFile(`${dir}/ca.pem`, await signedAnchor(node.key));
    const name = nodeServerName(node.key.publicKey);
    const verify = ["-CAfile", `${dir}/ca.pem`, "-verify_hostname", name, "-servername", name];
    const out = await openssl(
      node,
      ["-alpn", ALPN, "-verify_return_error", ...verify],
      "hi there\n",
    );
    match(out, /hi there/);
    match(out, /Verify return code: 0 \(ok\)/);
    await Deno.remove(dir, { recursive: true });
  },
);

function named(name: string, ...alpn: string[]): Handler {
  return echo({ name, alpn });
}

/** Which ALPN the handshake agrees on. */
async function chosen(node: Endpoint, transport: string, offered: string[]): Promise<string> {
  const { port } = node.addr;
  if (transport === "quic") {
    const serverCertificateHashes = [{
      algorithm: "sha-256",
      value: node.listeners[0]?.certificates.leaf.sha256,
    }];
    const options = {
      hostname: "127.0.0.1",
      port,
      alpnProtocols: offered,
      serverCertificateHashes,
    };
    using endpoint = closing(new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 }));
    const conn = await Deno.connectQuic({ ...options, endpoint: endpoint.endpoint });
    const { protocol } = conn;
    conn.close({ closeCode: 0, reason: "" });
    return protocol ?? "";
  }
  return await new Promise((resolve, reject) => {
    const tls = { ALPNProtocols: offered, rejectUnauthorized: false };
    const socket = tlsConnect({ host: "127.0.0.1", port, ...tls }, () => {
      const { alpnProtocol } = socket;
      socket.once("close", () => resolve(String(alpnProtocol)));
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

function closing(endpoint: Deno.QuicEndpoint): Disposable & { endpoint: Deno.QuicEndpoint } {
  return { endpoint, [Symbol.dispose]: () => endpoint.close({ closeCode: 0, reason: "" }) };
}

async function dialUntil(node: Endpoint, transport: "quic" | "tls", over: () => boolean) {
  let count = 0;
  for (; !over(); count++) {
    await using conn = await reach(node, transport);
    await roundTrip(conn);
  }
  return count;
}

async function dialled(target: string): Promise<void> {
  await using conn = await dial(target, { alpn: ALPN });
  await roundTrip(conn);
}

/** How a connection ends that the other side ends: on TLS its stream has to be read for that. */
async function endOf(conn: Connection): Promise<{ code: number; reason: string }> {
  if (conn.transport === "tls") await drained(await conn.openStream()).catch(() => {});
  else return await conn.closed;
  conn.close();
  return await conn.closed;
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

async function openssl(node: Endpoint, args: string[], input = ""): Promise<string> {
  const connect = ["s_client", "-connect", `127.0.0.1:${node.addr.port}`, "-ign_eof"];
  const child = new Deno.Command("timeout", {
    args: ["3", "openssl", ...connect, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await pause(input ? 500 : 0);
  await writer.close();
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}
