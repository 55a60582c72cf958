import { match, ok, rejects, strictEqual, throws } from "node:assert/strict";
import { connect as tlsConnect } from "node:tls";

import { DialError } from "@alknet/client";
import {
  AlpnConflictError,
  type Endpoint,
  type Handler,
  nodeServerName,
  signedAnchor,
} from "@alknet/core";
import { missing, testOrSkip } from "../tools/skip.ts";
import {
  ALPN,
  echo,
  exchange,
  pause,
  reach,
  roundTrip,
  start,
  TRANSPORTS,
  until,
} from "./support.ts";

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
