import {
  type Applicant,
  type Enrolled,
  type Enrolment,
  EnrolmentError,
  IdentityConflictError,
} from "@alknet/core";
import { InviteRefusedError, type Store } from "@alknet/store";
import type { OperationSources } from "./operations/sources.ts";

/** Characters of a node id that name a peer which brought no name. */
const NAME_CHARACTERS = 8;

/**
 * Invitations of a store, as the join handler asks for them. Who joins chooses its name, so the name
 * must be nobody's in `identities.toml` and own nothing that an earlier peer has left.
 */
export function storeEnrolment(
  { invites, audit, identities, ownership }: Store,
  file: OperationSources["identitiesFile"],
): Enrolment {
  const isTaken = (peerId: string): boolean =>
    ownership.ownsAnything(peerId) || file.entries.peers.some((peer) => peer.peerId === peerId);
  return {
    async redeem(secret: Uint8Array, applicant: Applicant): Promise<Enrolled> {
      const { nodeId, fingerprint, addresses = [] } = applicant;
      const peerId = applicant.name ?? `node-${nodeId.slice(0, NAME_CHARACTERS)}`;
      if (identities.isDisabled(fingerprint)) throw new EnrolmentError("key-taken");
      if (isTaken(peerId)) throw new EnrolmentError("name-taken");
      try {
        const fingerprints = [fingerprint];
        const peer = { peerId, fingerprints, nodeId, addresses };
        const { scopes } = await invites.redeem(secret.toHex(), peer);
        audit.append({ kind: "peer.joined", peer: peerId, fingerprint });
        return { peerId, scopes };
      } catch (error) {
        audit.append({ kind: "join.refused", fingerprint });
        throw enrolmentError(error, Boolean(identities.fromFingerprint(fingerprint)));
      }
    },
  };
}

function enrolmentError(error: unknown, keyKnown: boolean): unknown {
  if (error instanceof InviteRefusedError) return new EnrolmentError(error.refusal);
  if (!(error instanceof IdentityConflictError)) return error;
  return new EnrolmentError(keyKnown ? "key-taken" : "name-taken");
}
