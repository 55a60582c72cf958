import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";

import { dial, type DialOptions } from "@alknet/client";
import {
  type Connection,
  ConnectionClosedError,
  type Endpoint,
  generateNodeKey,
  type Handler,
  keyFingerprint,
  type NodeKey,
  type PeerAuth,
  serve,
} from "@alknet/core";
import { encodeReply, type ServerBinding, transcript } from "../../src/core/auth_wire.ts";
import {
  ALPN,
  drained,
  echo,
  firstStream,
  reach,
  readExactly,
  roundTrip,
  start,
  TestPeers,
  type Transport,
  TRANSPORTS,
  TurnedByHand,
  until,
} from "./support.ts";

/** Offsets in a hello: 14 bytes of magic, one of mode, 32 of nonce. */
const HELLO = 47;
const NONCE_AT = 15;
const VERDICTS = ["accepted", "proof-required", "bad-proof", "not-accepted"];
const OTHER_ALPN = "test/other";

for (const transport of TRANSPORTS) {
  Deno.test(`${transport}: a known key is let in, and the handler learns whose it is`, async () => {
    await using world = await makeWorld("required");
    await using conn = await world.dial(transport, world.alice);
    await roundTrip(conn);
    const [info] = world.node.connections;
    strictEqual(info?.peer, "alice");
    strictEqual(info.fingerprint, keyFingerprint(world.alice.publicKey));
  });

  Deno.test(`${transport}: "required" refuses an unknown key`, async () => {
    await using world = await makeWorld("required");
    await refusedAs("not-accepted", world.dial(transport, await generateNodeKey()));
    strictEqual(world.node.counters.authRefused, 1);
    strictEqual(world.node.counters.accepted, 0);
  });

  Deno.test(`${transport}: "required" refuses an anonymous client, which learns why`, async () => {
    await using world = await makeWorld("required");
    await rejects(world.dial(transport, "anonymous"), (error) => {
      ok(error instanceof ConnectionClosedError);
      deepStrictEqual({ ...error.info }, { code: 4, reason: "proof-required" });
      match(error.message, /it wants a key, and none was offered/);
      return true;
    });
    strictEqual(world.node.counters.accepted, 0);
  });

  Deno.test(`${transport}: "required" refuses a reply that says anonymous all the same`, async () => {
    await using world = await makeWorld("required");
    strictEqual(await attack(world.node, transport, () => encodeReply()), "proof-required");
  });

  Deno.test(`${transport}: "optional" lets unknown keys and the anonymous in as strangers`, async () => {
    await using world = await makeWorld("optional");
    for (const identity of ["anonymous", await generateNodeKey()] as const) {
      await using conn = await world.dial(transport, identity);
      await roundTrip(conn);
      strictEqual(world.node.connections.at(-1)?.peer, undefined);
    }
    await using known = await world.dial(transport, world.alice);
    await roundTrip(known);
    strictEqual(world.node.connections.at(-1)?.peer, "alice");
  });

  Deno.test(`${transport}: a disabled peer is refused also where strangers are welcome`, async () => {
    // The attack: a peer whose access was withdrawn comes back as a "stranger" with its own key.
    await using world = await makeWorld("optional");
    world.peers.disable(keyFingerprint(world.alice.publicKey));
    await refusedAs("not-accepted", world.dial(transport, world.alice));
  });

  Deno.test(`${transport}: a proof recorded earlier is worthless: the nonce is another`, async () => {
    // The attack: replay. Somebody has the bytes of a valid proof, from a memory dump or a log.
    await using world = await makeWorld("required");
    let recorded = new Uint8Array();
    const honest = await attack(world.node, transport, async (nonce) => {
      recorded = await proofOf(world.alice, nonce, world.self);
      return recorded;
    });
    strictEqual(honest, "accepted");
    strictEqual(await attack(world.node, transport, () => recorded), "bad-proof");
  });

  Deno.test(`${transport}: a proof relayed by another server is worthless: it names that server`, async () => {
    // The attack: alice dials M, a server she trusts with nothing. M dials S at the same time,
    // hands S's nonce to alice as its own and passes her answer on to S.
    await using world = await makeWorld("required");
    const mallory = await generateNodeKey();
    const nonceOfS = Promise.withResolvers<Uint8Array>();
    const reply = Promise.withResolvers<Uint8Array>();
    await using m = await start({ key: mallory, handlers: [relay(nonceOfS.promise, reply)] });
    const stolen = attack(world.node, transport, (nonce) => {
      nonceOfS.resolve(nonce);
      return reply.promise;
    });
    await using _ = await reach(m, transport, { identity: world.alice });
    strictEqual(await stolen, "bad-proof");
  });

  Deno.test(`${transport}: a relay that lies about the server it is gets no valid proof either`, async () => {
    // The attack: as above, but M rewrites the binding to S. The signature covers it.
    await using world = await makeWorld("required");
    const mallory = await generateNodeKey();
    const outcome = await attack(world.node, transport, async (nonce) => {
      const binding: ServerBinding = { kind: "node-id", value: mallory.publicKey };
      const message = transcript(ALPN, binding, nonce, world.alice.publicKey);
      const signature = await world.alice.sign(message);
      return encodeReply({ server: world.self, clientId: world.alice.publicKey, signature });
    });
    strictEqual(outcome, "bad-proof");
  });

  Deno.test(`${transport}: a proof made for another ALPN is worthless`, async () => {
    // The attack: cross-protocol. Alice talks to a harmless protocol of the same node, and the
    // proof is used on a powerful one.
    await using world = await makeWorld("required");
    const outcome = await attack(
      world.node,
      transport,
      (nonce) => proofOf(world.alice, nonce, world.self, OTHER_ALPN),
    );
    strictEqual(outcome, "bad-proof");
  });

  Deno.test(`${transport}: a changed signature, and a victim's id over one's own, are refused`, async () => {
    // The attacks: guessing; and claiming to be alice while signing with another key.
    await using world = await makeWorld("required");
    const mallory = await generateNodeKey();
    const flipped = await attack(world.node, transport, async (nonce) => {
      const reply = await proofOf(world.alice, nonce, world.self);
      const last = reply.length - 1;
      reply[last] = (reply[last] ?? 0) ^ 1;
      return reply;
    });
    strictEqual(flipped, "bad-proof");
    const claimed = await attack(world.node, transport, async (nonce) => {
      const clientId = world.alice.publicKey;
      const signature = await mallory.sign(transcript(ALPN, world.self, nonce, clientId));
      return encodeReply({ server: world.self, clientId, signature });
    });
    strictEqual(claimed, "bad-proof");
    strictEqual(world.node.counters.accepted, 0);
  });

  Deno.test(`${transport}: garbage, oversized and truncated replies end the connection only`, async () => {
    await using world = await makeWorld("required");
    const whole = await proofOf(world.alice, new Uint8Array(32), world.self);
    const replies = [
      new Uint8Array([0xff, 0xff, ...new Uint8Array(2_000)]),
      new Uint8Array([0, 0]),
      new Uint8Array([0, 1, 9]),
      crypto.getRandomValues(new Uint8Array(300)),
      whole.slice(0, 60),
      new Uint8Array(0),
    ];
    for (const reply of replies) strictEqual(await attack(world.node, transport, () => reply), "");
    strictEqual(world.node.counters.handshakeFailed, replies.length);
    strictEqual(world.node.counters.accepted, 0);
    await using conn = await world.dial(transport, world.alice);
    await roundTrip(conn);
  });

  Deno.test(`${transport}: a binding by server name counts for the certificate's names only`, async () => {
    await using world = await makeWorld("required");
    const outcome = (name: string): Promise<string> =>
      attack(world.node, transport, (nonce) => proofOf(world.alice, nonce, byName(name)));
    strictEqual(await outcome("node.example"), "accepted");
    strictEqual(await outcome("git.wild.example"), "accepted");
    for (const name of ["evil.example", "", "wild.example", "a.b.wild.example", "NODE.EXAMPLE"]) {
      strictEqual(await outcome(name), "bad-proof", `name "${name}"`);
    }
  });

  Deno.test(`${transport}: a binding by leaf hash counts for the present leaf and two before it`, async () => {
    await using world = await makeWorld("required");
    const outcome = (binding: ServerBinding): Promise<string> =>
      attack(world.node, transport, (nonce) => proofOf(world.alice, nonce, binding));
    const first = presentLeaf(world.node);
    for (let rotations = 0; rotations <= 2; rotations++) {
      strictEqual(await outcome(first), "accepted", `after ${rotations} rotations`);
      await world.certificates.turn();
    }
    strictEqual(await outcome(first), "bad-proof");
    const value = crypto.getRandomValues(new Uint8Array(32));
    strictEqual(await outcome({ kind: "leaf-hash", value }), "bad-proof");
    strictEqual(await outcome(presentLeaf(world.node)), "accepted");
  });

  Deno.test(`${transport}: dialling by certificate hash proves the key to that certificate`, async () => {
    await using world = await makeWorld("required");
    const hash = world.node.listeners[0]?.certificates.leaf.sha256.toHex();
    await using conn = await dial(`sha256:${hash}@127.0.0.1:${world.node.addr.port}`, {
      alpn: ALPN,
      transports: [transport],
      identity: world.alice,
    });
    await roundTrip(conn);
  });

  Deno.test(`${transport}: withdrawn permission ends live connections, with code 7 where there are codes`, async () => {
    await using world = await makeWorld("required");
    const bob = await world.peers.add("bob");
    await using hers = await world.dial(transport, world.alice);
    await using his = await world.dial(transport, bob);
    await Promise.all([roundTrip(hers), until(() => world.node.counters.accepted === 2)]);
    world.peers.forget(keyFingerprint(world.alice.publicKey));
    if (transport === "quic") {
      deepStrictEqual({ ...await hers.closed }, { code: 7, reason: "permission withdrawn" });
    }
    await until(() => world.node.connections.length === 1);
    strictEqual(world.node.counters.revoked, 1);
    await roundTrip(his);
    world.peers.disable(keyFingerprint(bob.publicKey));
    await until(() => world.node.connections.length === 0);
    strictEqual(world.node.counters.revoked, 2);
  });

  Deno.test(`${transport}: a change of peers that concerns others leaves a connection alone`, async () => {
    await using world = await makeWorld("required");
    await using conn = await world.dial(transport, world.alice);
    await until(() => world.node.counters.accepted === 1);
    await world.peers.add("carol");
    await roundTrip(conn);
    strictEqual(world.node.counters.revoked, 0);
  });
}

Deno.test("nonces are never the same", async () => {
  await using world = await makeWorld("required");
  const seen = new Set<string>();
  for (let round = 0; round < 20; round++) {
    await attack(world.node, "tls", (nonce) => {
      seen.add(nonce.toHex());
      return encodeReply();
    });
  }
  strictEqual(seen.size, 20);
});

Deno.test("a proof made over one transport is not for another connection over the other", async () => {
  await using world = await makeWorld("required");
  let recorded = new Uint8Array();
  await attack(world.node, "quic", async (nonce) => {
    recorded = await proofOf(world.alice, nonce, world.self);
    return recorded;
  });
  strictEqual(await attack(world.node, "tls", () => recorded), "bad-proof");
});

interface World extends AsyncDisposable {
  readonly node: Endpoint;
  readonly peers: TestPeers;
  readonly certificates: TurnedByHand;
  /** A key listed as peer "alice". */
  readonly alice: NodeKey;
  /** The node as a proof names it. */
  readonly self: ServerBinding;
  dial(transport: Transport, identity: DialOptions["identity"]): Promise<Connection>;
}

/** A node that asks for proofs, and a peer it knows. */
async function makeWorld(peerAuth: PeerAuth): Promise<World> {
  const peers = new TestPeers();
  const alice = await peers.add("alice");
  const key = await generateNodeKey();
  const certificates = await TurnedByHand.create(key, ["node.example", "*.wild.example"]);
  const node = await serve({
    key,
    identities: peers,
    limits: { lingerTimeoutMs: 20, drainTimeoutMs: 50 },
    handlers: [echo({ peerAuth }), echo({ name: "other", alpn: [OTHER_ALPN], peerAuth })],
    listen: [{ hostname: "127.0.0.1", certificates }],
  });
  return {
    node,
    peers,
    certificates,
    alice,
    self: { kind: "node-id", value: node.key.publicKey },
    dial: (transport, identity) => reach(node, transport, { identity }),
    [Symbol.asyncDispose]: () => node.close(),
  };
}

/**
 * Takes a client's part by hand: gets the nonce and sends whatever `reply` makes of it.
 *
 * @returns "accepted", the refusal, or "" when the server just closed.
 */
async function attack(
  node: Endpoint,
  transport: Transport,
  reply: (nonce: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Promise<string> {
  await using conn = await reach(node, transport);
  if (conn.uni) {
    const [hello] = await Array.fromAsync(take(conn.uni.incoming, 1));
    ok(hello);
    const nonce = (await readExactly(hello, HELLO)).slice(NONCE_AT);
    const out = await conn.uni.open();
    await out.write(await reply(nonce)).catch(() => {});
    await out.closeWrite().catch(() => {});
    const accepted = roundTrip(conn).then(() => "accepted", () => undefined);
    return await accepted ?? reasonOf((await conn.closed).reason);
  }
  const stream = await conn.openStream();
  const nonce = (await readExactly(stream, HELLO)).slice(NONCE_AT);
  await stream.write(await reply(nonce));
  await stream.closeWrite();
  const verdict = new Uint8Array(1);
  const count = await stream.read(verdict).catch(() => null);
  return count === 1 ? VERDICTS[verdict[0] ?? 255] ?? "" : "";
}

function reasonOf(reason: string): string {
  return VERDICTS.includes(reason) ? reason : "";
}

async function* take<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let left = count;
  for await (const item of items) {
    yield item;
    if (--left === 0) return;
  }
}

async function proofOf(
  key: NodeKey,
  nonce: Uint8Array,
  server: ServerBinding,
  alpn = ALPN,
): Promise<Uint8Array<ArrayBuffer>> {
  const signature = await key.sign(transcript(alpn, server, nonce, key.publicKey));
  return encodeReply({ server, clientId: key.publicKey, signature });
}

function byName(name: string): ServerBinding {
  return { kind: "server-name", value: new TextEncoder().encode(name) };
}

/** A handler that plays the server's part of the exchange with somebody else's nonce. */
function relay(nonce: Promise<Uint8Array>, reply: PromiseWithResolvers<Uint8Array>): Handler {
  return {
    name: "relay",
    alpn: [ALPN],
    accept: async (conn) => {
      const hello = new Uint8Array(HELLO);
      hello.set(new TextEncoder().encode("alknet-auth/1\0"));
      hello[NONCE_AT - 1] = 1;
      hello.set(await nonce, NONCE_AT);
      const out = conn.uni ? await conn.uni.open() : await firstStream(conn);
      await out.write(hello);
      const [incoming] = conn.uni ? await Array.fromAsync(take(conn.uni.incoming, 1)) : [out];
      ok(incoming && "read" in incoming);
      const length = await readExactly(incoming, 2);
      const body = await readExactly(incoming, (length[0] ?? 0) * 256 + (length[1] ?? 0));
      reply.resolve(new Uint8Array([...length, ...body]));
      conn.close();
    },
  };
}

function presentLeaf(node: Endpoint): ServerBinding {
  const value = node.listeners[0]?.certificates.leaf.sha256 ?? new Uint8Array();
  return { kind: "leaf-hash", value };
}

async function refusedAs(reason: string, dialling: Promise<Connection>): Promise<void> {
  await using conn = await dialling;
  if (conn.transport === "tls") {
    await rejects(drained(await conn.openStream()), (error) => {
      ok(error instanceof ConnectionClosedError);
      return error.info.code === 4 && error.info.reason === reason;
    });
  }
  deepStrictEqual({ ...await conn.closed }, { code: 4, reason });
}
