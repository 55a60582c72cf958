import { hasScope, type Identity } from "@alknet/core";
import {
  ANYONE,
  anyPeer,
  CallCode,
  CallError,
  type Operation,
  operation,
  type OperationGrants,
  PEER_POLICIES,
  type PeerCompositeEnv,
  type PeerPolicy,
  type PeerRef,
  specificPeer,
} from "@alknet/operations";

/** Lets call whatever a peer offers this node; `peers:call:<peer>` lets call that one. */
const SCOPE = "peers:call";

const INPUT = {
  type: "object",
  properties: {
    peer: { type: "string", description: "The peer to ask. Default: one of those that have it" },
    policy: { enum: PEER_POLICIES, description: "Which one. Default: each in turn" },
    operation: { type: "string" },
    input: true,
  },
  required: ["operation"],
  additionalProperties: false,
} as const;

const OUTPUT = {
  type: "array",
  items: {
    type: "object",
    properties: {
      peer: { type: "string" },
      since: { type: "string" },
      operations: {
        type: "array",
        items: {
          type: "object",
          properties: {
            name: { type: "string" },
            type: { enum: ["query", "mutation", "subscription"] },
            description: { type: "string" },
          },
          required: ["name", "type", "description"],
        },
      },
    },
    required: ["peer", "since", "operations"],
  },
} as const;

/** What the operations below are given: they decide themselves which peers a caller may reach. */
export const PEER_GRANTS: OperationGrants = {
  authority: { id: "peers/call", scopes: ["*"], resources: {} },
  reaches: { allows: () => true },
};

/** Whether an identity may call any peer at all. */
export function mayCallPeers(identity: Identity | undefined): boolean {
  return hasScope(identity, SCOPE) ||
    (identity?.scopes.some((scope) => scope.startsWith(`${SCOPE}:`)) ?? false);
}

/**
 * Operations through which callers reach the peers of this node. Each says FORBIDDEN for a peer that
 * the caller's scopes do not name, whether it is attached or not.
 */
export function peerOperations(env: PeerCompositeEnv): Operation[] {
  return [
    operation({
      name: "services/list-peers",
      type: "query",
      access: ANYONE,
      description: "What attached peers offer, as far as the caller may call them",
      output: OUTPUT,
      handler: (_input, { identity }) =>
        env.peers().filter(({ peer }) => mayCall(identity, peer)).map((each) => ({
          peer: each.peer,
          since: each.since.toISOString(),
          operations: each.operations.map(({ name, type, description }) => ({
            name,
            type,
            description,
          })),
        })),
    }),
    operation({
      name: "peers/call",
      access: ANYONE,
      description: "Calls an operation of a peer",
      forwardsErrors: true,
      input: INPUT,
      handler: ({ operation: name, input, ...whom }, { env, identity }) =>
        env.invoke(name, input ?? null, { peer: refOf(whom, identity) }),
    }),
    operation({
      name: "peers/subscribe",
      type: "subscription",
      access: ANYONE,
      description: "Subscribes to an operation of a peer",
      forwardsErrors: true,
      input: INPUT,
      async *handler({ operation: name, input, ...whom }, { env, identity }) {
        yield* env.subscribe(name, input ?? null, { peer: refOf(whom, identity) });
      },
    }),
  ];
}

interface Whom {
  readonly peer?: string;
  readonly policy?: PeerPolicy;
}

function refOf({ peer, policy = "round-robin" }: Whom, identity: Identity | undefined): PeerRef {
  const allowed = peer === undefined ? mayCallPeers(identity) : mayCall(identity, peer);
  if (!allowed) {
    const scope = peer === undefined ? SCOPE : `${SCOPE}:${peer.slice(0, 80)}`;
    throw new CallError(CallCode.Forbidden, `Missing required scope: ${scope}`);
  }
  if (peer !== undefined) return specificPeer(peer);
  return anyPeer({ policy, among: (each) => mayCall(identity, each) });
}

function mayCall(identity: Identity | undefined, peer: string): boolean {
  return hasScope(identity, `${SCOPE}:${peer}`);
}
