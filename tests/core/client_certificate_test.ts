import { match, strictEqual } from "node:assert/strict";
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { connect as tlsConnect } from "node:tls";

import { type Endpoint, keyFingerprint, type PeerAuth } from "@alknet/core";
import { missing, testOrSkip } from "../tools/skip.ts";
import { ALPN, echo, pause, start, TestPeers, until } from "./support.ts";

const NO_OPENSSL = missing("openssl");

testOrSkip(
  "a known peer's Ed25519 certificate is accepted without the exchange",
  NO_OPENSSL,
  async () => {
    await using world = await makeWorld("required");
    world.peers.list(world.fingerprint, "alice");
    const out = await world.openssl("hello\n");
    match(out, /hello/);
    strictEqual(out.includes("alknet-auth"), false, "the server sent a hello all the same");
    strictEqual(world.node.counters.accepted, 1);
  },
);

testOrSkip("a peer may be listed by the hash of its certificate", NO_OPENSSL, async () => {
  await using world = await makeWorld("required");
  world.peers.list(world.hash, "alice");
  match(await world.openssl("hello\n"), /hello/);
});

testOrSkip("a certificate nobody knows is refused, with no byte sent", NO_OPENSSL, async () => {
  await using world = await makeWorld("required");
  await world.openssl("hello\n");
  strictEqual(world.node.counters.authRefused, 1);
  strictEqual(world.node.counters.accepted, 0);
});

testOrSkip(
  "a certificate disabled by its hash is refused where strangers are welcome",
  NO_OPENSSL,
  async () => {
    // The attack: the entry was listed, and switched off, by the certificate's hash; looked up by
    // its key alone it would be a stranger.
    for (const peerAuth of ["optional", "none"] as const) {
      await using world = await makeWorld(peerAuth);
      world.peers.disable(world.hash);
      await world.openssl("hello\n");
      strictEqual(world.node.counters.accepted, 0);
      strictEqual(world.node.counters.authRefused, 1);
    }
  },
);

testOrSkip("a certificate without its private key cannot be used", NO_OPENSSL, async () => {
  // The attack: certificates are public. The reference design took them without looking whether
  // the client holds the key; node:tls checks the signature of the handshake (RFC 8446 4.4.3).
  await using world = await makeWorld("required");
  world.peers.list(world.fingerprint, "alice");
  await world.generate("mallory");
  const stolen = await world.openssl(
    "hello\n",
    `${world.dir}/alice.pem`,
    `${world.dir}/mallory.key`,
  );
  match(stolen, /mismatch/i); // openssl itself refuses to try
  strictEqual(await forged(world.node, world.dir), "error");
  await pause(50);
  strictEqual(world.node.counters.accepted, 0);
});

interface World extends AsyncDisposable {
  readonly node: Endpoint;
  readonly peers: TestPeers;
  readonly dir: string;
  /** Alice's certificate by its key, and by its hash. */
  readonly fingerprint: string;
  readonly hash: string;
  generate(name: string): Promise<void>;
  openssl(input: string, cert?: string, key?: string): Promise<string>;
}

async function makeWorld(peerAuth: PeerAuth): Promise<World> {
  const dir = await Deno.makeTempDir();
  const generate = async (name: string): Promise<void> => {
    const files = `-keyout ${dir}/${name}.key -out ${dir}/${name}.pem`;
    await run(`req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=${name} ${files}`);
  };
  await generate("alice");
  const x509 = new X509Certificate(await Deno.readTextFile(`${dir}/alice.pem`));
  const spki = new Uint8Array(x509.publicKey.export({ type: "spki", format: "der" }));
  const peers = new TestPeers();
  const node = await start({
    handlers: [echo({ peerAuth })],
    identities: peers,
    limits: { drainTimeoutMs: 50 },
  });
  const openssl = (input: string, cert = `${dir}/alice.pem`, key = `${dir}/alice.key`) =>
    client(node, ["-cert", cert, "-key", key], input);
  return {
    node,
    peers,
    dir,
    fingerprint: keyFingerprint(spki.slice(-32)),
    hash: `SHA256:${x509.fingerprint256.replaceAll(":", "").toLowerCase()}`,
    generate,
    openssl,
    async [Symbol.asyncDispose](): Promise<void> {
      await node.close();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** Alice's certificate with somebody else's key, by a client that does not look first. */
async function forged(node: Endpoint, dir: string): Promise<string> {
  const [cert, key] = await Promise.all(
    ["alice.pem", "mallory.key"].map((name) => Deno.readTextFile(`${dir}/${name}`)),
  );
  const own = createPublicKey(createPrivateKey(key ?? "")).export({ type: "spki", format: "der" });
  strictEqual(new Uint8Array(own).length, 44);
  return await new Promise((resolve) => {
    try {
      const options = { ALPNProtocols: [ALPN], rejectUnauthorized: false, cert, key };
      const socket = tlsConnect({ host: "127.0.0.1", port: node.addr.port, ...options });
      socket.on("error", () => resolve("error"));
      socket.on("data", () => resolve("data"));
      socket.on("secureConnect", () => socket.write("hello\n"));
      socket.on("close", () => resolve("closed"));
    } catch {
      resolve("error");
    }
  });
}

async function client(node: Endpoint, args: string[], input: string): Promise<string> {
  const child = new Deno.Command("timeout", {
    args: [
      "3",
      "openssl",
      "s_client",
      "-connect",
      `127.0.0.1:${node.addr.port}`,
      "-quiet",
      "-no_ign_eof",
    ]
      .concat("-alpn", ALPN, args),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await until(() => ended(node), 400).catch(() => {});
  await writer.close().catch(() => {});
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

function ended({ counters }: Endpoint): boolean {
  return counters.authRefused > 0;
}

async function run(command: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args: command.split(" ") })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
