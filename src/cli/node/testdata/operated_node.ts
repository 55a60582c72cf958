import { type Identity, type IdentityEntries, serve, type StoredPeer } from "@alknet/core";
import { CallError, type CallRequest, type OperationRegistry } from "@alknet/operations";
import { openStore, type Store } from "@alknet/store";
import { join } from "node:path";

import { nodeOperations } from "../operations.ts";

/** A node's operations on a real store and endpoint, which check what they answer. */
export interface OperatedNode extends AsyncDisposable {
  readonly registry: OperationRegistry;
  readonly store: Store;
  /** Calls as an identity, as from the wire. */
  call(name: string, input: unknown, identity: Identity | undefined): Promise<unknown>;
  /** The identity of a peer of the store now, by the key it was given. */
  as(peerId: string): Identity;
}

/** Whom the operations of one test know. */
export interface Known {
  readonly peers?: readonly Partial<StoredPeer>[];
  readonly byHand?: IdentityEntries;
}

/** Everything. */
export const OWNER: Identity = { id: "owner", scopes: ["*"], resources: {} };

/** Starts one. */
export async function operatedNode({ peers = [], byHand }: Known = {}): Promise<OperatedNode> {
  await using started = new AsyncDisposableStack();
  const directory = await Deno.makeTempDir({ prefix: "alknet operations " });
  started.defer(() => Deno.remove(directory, { recursive: true }));
  const store = started.use(await openStore(`sqlite:${join(directory, "store.db")}`));
  const endpoint = started.use(await serve({ hostname: "127.0.0.1", handlers: [], port: 0 }));
  for (const [index, peer] of peers.entries()) {
    await store.identities.putPeer({ ...nobody(index), ...peer });
  }
  const entries = byHand ?? { peers: [], tokens: [] };
  const registry = nodeOperations({
    store,
    identitiesFile: { entries },
    reload: () => Promise.resolve(),
    startedAt: new Date(),
    endpoint: () => endpoint,
    registry: { validateOutput: true },
  });
  const all = started.move();
  return {
    registry,
    store,
    call: (name, input, identity) => registry.call(name, input, wire(identity)),
    as: (peerId) => {
      const index = peers.findIndex((peer) => peer.peerId === peerId);
      const identity = store.identities.fromFingerprint(keyOf(index));
      if (identity?.id !== peerId) throw new TypeError(`There is no peer "${peerId}"`);
      return identity;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** A request as from the wire. */
export function wire(
  identity: Identity | undefined,
  signal = new AbortController().signal,
): CallRequest {
  return { requestId: crypto.randomUUID(), identity, signal, origin: "wire" };
}

/** A key of its own for each number. */
export function keyOf(n: number): string {
  return `ed25519:${n.toString(16).padStart(64, "0")}`;
}

/** The code that a call fails with; "ok" when it does not. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (error instanceof CallError) return error.code;
    throw error;
  }
}

function nobody(index: number): StoredPeer {
  return {
    peerId: `peer-${index}`,
    fingerprints: [keyOf(index)],
    sshKeys: [],
    scopes: [],
    resources: {},
    enabled: true,
  };
}
