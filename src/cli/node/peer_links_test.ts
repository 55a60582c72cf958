import { connectCall } from "@alknet/call";
import { type Identity, NOBODY } from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";
import {
  ANYONE,
  type Dispatcher,
  operation,
  OperationRegistry,
  PeerCompositeEnv,
} from "@alknet/operations";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import { changesOf } from "./listing_changes.ts";
import { PeerLinks } from "./peer_links.ts";

const w1: Identity = { id: "w1", scopes: [], resources: {} };

/** A worker's registry with the discovery that nodes have. */
function workerRegistry({ changes = true } = {}): OperationRegistry {
  const registry = new OperationRegistry();
  registry.register(operation({
    name: "services/list",
    access: ANYONE,
    handler: () => registry.list().map((spec) => ({ ...spec })),
  }));
  if (!changes) return registry;
  registry.register(operation({
    name: "services/changes",
    type: "subscription",
    access: ANYONE,
    handler: (_, { signal }) => changesOf([registry], () => registry.list(), signal),
  }));
  return registry;
}

class Head implements Disposable {
  readonly names: string[][] = [];
  readonly env = new PeerCompositeEnv({ onChange: () => this.#note() });
  readonly links = new PeerLinks(this.env, "head-node");
  #told = Promise.withResolvers<void>();
  readonly #open: (() => void)[] = [];

  /** Accepts a connection of a worker that serves a dispatcher, or nothing. */
  accept(dispatcher?: Dispatcher, identity: Identity | undefined = w1): () => void {
    const [there, here] = memoryPair({ identity });
    connectCall(there, dispatcher ? { dispatcher } : {});
    const auth = { identity, alpn: here.alpn, remoteAddr: here.remoteAddr };
    const ctx = { auth, identities: NOBODY, signal: here.signal };
    this.links.accepted(connectCall(here), here, ctx);
    const cut = (): void => there.close();
    this.#open.push(cut);
    return cut;
  }

  /** Resolves at the next change of the environment. */
  async changed(): Promise<string[]> {
    await this.#told.promise;
    return this.names.at(-1) ?? [];
  }

  #note(): void {
    const peers = this.env.peers().flatMap(({ peer, operations }) =>
      operations.map(({ name }) => `${peer} ${name}`)
    );
    this.names.push(peers);
    this.#told.resolve();
    this.#told = Promise.withResolvers();
  }

  [Symbol.dispose](): void {
    for (const cut of this.#open) cut();
  }
}

function disk(name: string): ReturnType<typeof operation> {
  return operation({ name, access: ANYONE, handler: () => 1 });
}

Deno.test("a worker that connects is attached, and detached when its connection ends", async () => {
  using head = new Head();
  const registry = workerRegistry();
  registry.register(disk("disk/free"));
  const cut = head.accept(registry);
  deepStrictEqual(await head.changed(), ["w1 disk/free"]);
  deepStrictEqual(head.links.statuses().map(({ peer, operations }) => [peer, operations]), [[
    "w1",
    1,
  ]]);
  const gone = head.changed();
  cut();
  deepStrictEqual(await gone, []);
});

Deno.test("what a worker offers later is taken up, and what it withdraws is gone", async () => {
  using head = new Head();
  const registry = workerRegistry();
  head.accept(registry);
  deepStrictEqual(await head.changed(), []);
  registry.register([disk("disk/free"), disk("disk/used")]);
  deepStrictEqual(await head.changed(), ["w1 disk/free", "w1 disk/used"]);
  registry.unregister("disk/free");
  while ((await head.changed()).length !== 1);
  deepStrictEqual(head.names.at(-1), ["w1 disk/used"]);
});

Deno.test("a worker that does not tell of changes is attached all the same", async () => {
  using head = new Head();
  const registry = workerRegistry({ changes: false });
  registry.register(disk("disk/free"));
  head.accept(registry);
  deepStrictEqual(await head.changed(), ["w1 disk/free"]);
});

Deno.test("strangers, the node's own commands and clients without operations are not attached", async () => {
  using head = new Head();
  const registry = workerRegistry();
  registry.register(disk("disk/free"));
  const stranger = memoryPair();
  const auth = { alpn: "alknet/call", remoteAddr: stranger[1].remoteAddr };
  const ctx = { auth, identities: NOBODY, signal: stranger[1].signal };
  head.links.accepted(connectCall(stranger[1]), stranger[1], ctx);
  head.accept(registry, { ...w1, id: "owner" });
  const [there, here] = memoryPair({ identity: w1 });
  connectCall(there);
  await rejects(head.links.attach("w1", connectCall(here), here.signal), {
    kind: "discovery-failed",
  });
  deepStrictEqual(head.env.peers(), []);
  deepStrictEqual(head.links.statuses(), []);
  there.close();
  stranger[0].close();
});

Deno.test("a worker that answers nothing holds nobody up beyond the time it has", async () => {
  const env = new PeerCompositeEnv();
  const links = new PeerLinks(env, "head-node", 20);
  const [there, here] = memoryPair({ identity: w1 });
  let asked = 0;
  const silent = (): Promise<never> => {
    asked++;
    return new Promise(() => {});
  };
  const dispatcher: Dispatcher = {
    kindOf: () => "query",
    call: silent,
    async *subscribe() {
      yield await silent();
    },
  };
  connectCall(there, { dispatcher });
  await rejects(links.attach("w1", connectCall(here), here.signal), { kind: "transport" });
  strictEqual(asked, 2);
  deepStrictEqual(env.peers(), []);
  there.close();
});

// A peer chooses the reason with which it closes, and could so write to the operator's terminal.
Deno.test("what a peer says of a failure is shown without control characters, and in short", () => {
  const links = new PeerLinks(new PeerCompositeEnv(), "head-node");
  links.failed("w1", `Connection ended: \x1b[2J\u202e${"x".repeat(1_000)}`);
  const [{ lastError = "" } = {}] = links.statuses();
  strictEqual(lastError.startsWith("Connection ended: ?[2J?xxx"), true);
  strictEqual(lastError.length, 300);
  for (let n = 0; n < 1_010; n++) links.failed(`p${n}`, "gone");
  strictEqual(links.statuses().length, 1_000);
});

// A peer's nonsense is told in the status, and costs nobody but itself.
Deno.test("a worker that talks nonsense is not attached, and says so in the status", async () => {
  using head = new Head();
  const [there, here] = memoryPair({ identity: w1 });
  const dispatcher: Dispatcher = {
    kindOf: () => "query",
    call: () => Promise.resolve([{ name: 7 }]),
    async *subscribe() {},
  };
  connectCall(there, { dispatcher });
  const auth = { identity: w1, alpn: here.alpn, remoteAddr: here.remoteAddr };
  head.links.accepted(connectCall(here), here, { auth, identities: NOBODY, signal: here.signal });
  while (head.links.statuses().length === 0) await new Promise((resolve) => setTimeout(resolve));
  const [status] = head.links.statuses();
  strictEqual(status?.since, undefined);
  strictEqual(
    status?.lastError,
    "Cannot read what the peer offers: it has an operation without a name",
  );
  there.close();
});
