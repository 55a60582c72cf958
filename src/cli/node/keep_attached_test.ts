import { ALPN, call } from "@alknet/call";
import { dial } from "@alknet/client";
import {
  ConfigIdentities,
  type Endpoint,
  formatNodeId,
  generateNodeKey,
  keyFingerprint,
  type NodeKey,
  type PeerEntry,
  serve,
} from "@alknet/core";
import {
  ANYONE,
  type CallRequest,
  operation,
  OperationRegistry,
  PeerCompositeEnv,
  specificPeer,
} from "@alknet/operations";
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";

import { keepAttached } from "./keep_attached.ts";
import { PeerLinks } from "./peer_links.ts";

/** One node's peers, operations and identities. */
class Side {
  readonly registry = new OperationRegistry();
  readonly env: PeerCompositeEnv = new PeerCompositeEnv({ onChange: () => this.#note() });
  readonly links = new PeerLinks(this.env, "node");
  readonly identities: ConfigIdentities;
  readonly #entry: PeerEntry;
  #changed = Promise.withResolvers<void>();

  /** @param name Who this is, as its operation "who" answers. */
  constructor(name: string, peer: string, peerKey: NodeKey) {
    const fingerprints = [keyFingerprint(peerKey.publicKey)];
    const scopes = ["who:ask"];
    this.#entry = { peerId: peer, fingerprints, sshKeys: [], scopes, resources: {}, enabled: true };
    this.identities = new ConfigIdentities({ peers: [this.#entry], tokens: [] });
    this.registry.register([
      operation({ name: "who", access: { requiredScopes: ["who:ask"] }, handler: () => name }),
      operation({
        name: "services/list",
        access: ANYONE,
        handler: (_, { identity }) => this.registry.list(identity).map((spec) => ({ ...spec })),
      }),
    ]);
  }

  /** Switches its peer on or off. */
  enable(enabled: boolean): void {
    this.identities.replace({ peers: [{ ...this.#entry, enabled }], tokens: [] });
  }

  /** Resolves once the peers attached are these. */
  async attached(...names: string[]): Promise<void> {
    while (this.env.peers().map(({ peer }) => peer).join() !== names.join()) {
      await this.#changed.promise;
    }
  }

  /** Asks its peer who it is. */
  async ask(peer: string): Promise<unknown> {
    const { signal } = new AbortController();
    const identity = { id: "test", scopes: ["who:ask"], resources: {} };
    const request: CallRequest = { requestId: "1", signal, identity, origin: "internal" };
    return await this.env.find("who", specificPeer(peer))?.call("who", null, request);
  }

  #note(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** A head, and a worker that keeps a connection to it. */
class Pair implements AsyncDisposable {
  readonly head: Side;
  readonly worker: Side;
  readonly #keys: { readonly head: NodeKey; readonly worker: NodeKey };
  readonly #stop = new AbortController();
  #endpoint: Endpoint | undefined;
  #kept: Promise<void> | undefined;
  #port = 0;
  dials = 0;

  private constructor(keys: { head: NodeKey; worker: NodeKey }) {
    this.#keys = keys;
    this.head = new Side("head", "worker", keys.worker);
    this.worker = new Side("worker", "head", keys.head);
  }

  static async create(): Promise<Pair> {
    return new Pair({ head: await generateNodeKey(), worker: await generateNodeKey() });
  }

  /** Starts the head, where the worker then finds it. */
  async startHead(): Promise<void> {
    const { registry: dispatcher, identities, links } = this.head;
    const onConnect = links.accepted.bind(links);
    this.#endpoint = await serve({
      key: this.#keys.head,
      hostname: "127.0.0.1",
      port: 0,
      handlers: [call({ dispatcher, onConnect })],
      identities,
    });
    this.#port = this.#endpoint.addr.port;
  }

  async stopHead(): Promise<void> {
    await this.#endpoint?.[Symbol.asyncDispose]();
    this.#endpoint = undefined;
  }

  /** Lets the worker keep its connection. */
  keep(): void {
    const { links, identities, registry: dispatcher } = this.worker;
    const { signal } = this.#stop;
    const known = (): { nodeId: string; addresses: string[] } => ({
      nodeId: formatNodeId(this.#keys.head.publicKey),
      addresses: [`127.0.0.1:${this.#port}`],
    });
    this.#kept = keepAttached("head", {
      links,
      identities,
      dispatcher,
      signal,
      knownPeer: () => Promise.resolve(known()),
      dial: (name, peer) => {
        this.dials++;
        const identity = this.#keys.worker;
        const knownPeer = (): typeof peer => peer;
        return dial(name, { alpn: ALPN, identity, signal, knownPeer, transports: ["tls"] });
      },
      backoff: { firstMs: 5, maxMs: 20 },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#kept;
    await this.stopHead();
  }
}

Deno.test("a kept connection serves both sides, and comes back when the head does", async () => {
  await using pair = await Pair.create();
  await pair.startHead();
  pair.keep();
  await Promise.all([pair.head.attached("worker"), pair.worker.attached("head")]);
  deepStrictEqual([await pair.head.ask("worker"), await pair.worker.ask("head")], [
    "worker",
    "head",
  ]);
  await pair.stopHead();
  await Promise.all([pair.head.attached(), pair.worker.attached()]);
  match(pair.worker.links.statuses()[0]?.lastError ?? "none yet", /Connection ended|none yet/);
  await pair.startHead();
  await Promise.all([pair.head.attached("worker"), pair.worker.attached("head")]);
  deepStrictEqual([await pair.head.ask("worker"), await pair.worker.ask("head")], [
    "worker",
    "head",
  ]);
  deepStrictEqual(pair.worker.links.statuses().map(({ lastError }) => lastError), [undefined]);
});

Deno.test("a head that is revoked at the worker is hung up on, and not dialled again until it is back", async () => {
  await using pair = await Pair.create();
  await pair.startHead();
  pair.keep();
  await Promise.all([pair.head.attached("worker"), pair.worker.attached("head")]);
  pair.worker.enable(false);
  await Promise.all([pair.head.attached(), pair.worker.attached()]);
  while (!/disabled/.test(pair.worker.links.statuses()[0]?.lastError ?? "")) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  strictEqual(pair.dials, 1);
  pair.worker.enable(true);
  await Promise.all([pair.head.attached("worker"), pair.worker.attached("head")]);
});

Deno.test("a worker that is revoked at the head is gone there at once", async () => {
  await using pair = await Pair.create();
  await pair.startHead();
  pair.keep();
  await pair.head.attached("worker");
  pair.head.enable(false);
  await Promise.all([pair.head.attached(), pair.worker.attached()]);
  while (!/not-accepted|revoked/.test(pair.worker.links.statuses()[0]?.lastError ?? "")) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  pair.head.enable(true);
  await pair.head.attached("worker");
});
