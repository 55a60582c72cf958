import type { Blame } from "./errors.ts";

/** Somebody who holds an invitation and has just proved a key. */
export interface Applicant {
  /** Node id in z-base-32. */
  readonly nodeId: string;
  /** Fingerprint of the proven key. */
  readonly fingerprint: string;
  /** The name it would like to have. Default: the invitation's, or one made from its node id. */
  readonly name?: string;
  /** Where it can be dialled, `host:port`. Default: nowhere. */
  readonly addresses?: readonly string[];
}

/** What an applicant has become. */
export interface Enrolled {
  /** Its peer id here. */
  readonly peerId: string;
  /** What it may do here. */
  readonly scopes: readonly string[];
}

/** Why an invitation does not help. */
export type EnrolmentFault = "unknown" | "expired" | "used" | "name-taken" | "key-taken";

/** Thrown when an invitation does not make a peer; nothing was changed. */
export class EnrolmentError extends Error {
  /** The class's name. */
  override readonly name = "EnrolmentError";
  /** Who has to act. */
  readonly blame: Blame = "remote";
  /** Why. */
  readonly fault: EnrolmentFault;

  /** Says what is wrong and what helps. */
  constructor(fault: EnrolmentFault) {
    super(`Cannot join: ${FAULT_TEXT[fault]}`);
    this.fault = fault;
  }
}

const FAULT_TEXT: Readonly<Record<EnrolmentFault, string>> = {
  unknown: "the node does not know this invitation; ask for a new one",
  expired: "the invitation is too old; ask for a new one",
  used: "the invitation was used already; ask for a new one",
  "name-taken": "another peer has this name there; choose one with --name",
  "key-taken": "this key belongs to another peer there",
};

/** Turns invitations into peers. */
export interface Enrolment {
  /**
   * Uses an invitation up and makes the applicant a peer, both or neither: of any number of
   * applicants with the same secret exactly one is enrolled.
   *
   * @param secret The invitation's secret, at most 255 bytes.
   * @throws {EnrolmentError} When the invitation does not help.
   */
  redeem(secret: Uint8Array, applicant: Applicant): Promise<Enrolled>;
}
