import { formatNodeId, keyFingerprint, type NodeKey } from "@alknet/core";

/** The node's names for people: id and fingerprint. */
export function namesOf(key: NodeKey): { nodeId: string; fingerprint: string } {
  return { nodeId: formatNodeId(key.publicKey), fingerprint: keyFingerprint(key.publicKey) };
}
