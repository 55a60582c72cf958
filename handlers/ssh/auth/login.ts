import type { Identity } from "@alknet/core";

import type { ForwardRule } from "../forward/rules.ts";

/** What restricts whoever logs in with one key or certificate. */
export interface LoginRestrictions {
  /** Runs instead of whatever is asked for, which it finds in `SSH_ORIGINAL_COMMAND`. */
  readonly forceCommand?: string;
  /** Whether a terminal may be had. Default: true. */
  readonly pty?: boolean;
  /** Whether anything may be forwarded. Default: true. */
  readonly forwarding?: boolean;
  /** Whether the client's agent may be forwarded. Default: true. */
  readonly agent?: boolean;
  /** Addresses and networks it may be used from; with `!` in front, not from there. Default: all. */
  readonly from?: readonly string[];
  /** When it ceases to be taken; sessions end then too. Default: never. */
  readonly expiresAt?: Date;
  /** Variables that its programs get, whatever the client sets. Default: none. */
  readonly environment?: ReadonlyMap<string, string>;
  /** Where it may connect to, as far as the node's own rules allow that. Default: anywhere. */
  readonly permitOpen?: readonly ForwardRule[];
  /** Where it may have listened, as far as the node's own rules allow that. Default: anywhere. */
  readonly permitListen?: readonly ForwardRule[];
}

/** Somebody who has proven to be let in. */
export interface Login {
  /** The name asked for; which Unix user it stands for is another question. */
  readonly user: string;
  /** Who it is, as of now; undefined once the permission was withdrawn or has expired. */
  identity(): Identity | undefined;
  /** How it was proven; `terminal` by another handler, which has opened one. */
  readonly method: "publickey" | "certificate" | "peer" | "terminal";
  /** Fingerprint of the key or certificate, for logs. */
  readonly fingerprint?: string;
  /** What the key or certificate forbids. */
  readonly restrictions: LoginRestrictions;
}

/** A question in a second factor (RFC 4256). */
export interface Prompt {
  /** The words. */
  readonly text: string;
  /** Whether what is typed shows. Default: false. */
  readonly echo?: boolean;
}

/** A second factor, asked after a key was accepted. */
export interface SecondFactor {
  /** Words above the questions. Default: none. */
  readonly instruction?: string;
  /** The questions, at most eight. */
  readonly prompts: readonly Prompt[];
  /** Whether the answers are right. */
  verify(answers: readonly string[]): boolean | Promise<boolean>;
}

/** Decides who may log in; asked in one connection only. */
export interface LoginPolicy {
  /**
   * Whom a key stands for, if it may log in under a name. The signature has not been seen or has
   * been checked; both times the answer has to be the same.
   */
  byKey(user: string, blob: Uint8Array): CheckedKey | undefined;
  /** Whoever the connection itself has proven, where that is configured to be enough. */
  byPeer(user: string): Login | undefined;
  /** What else somebody has to answer. */
  secondFactor(identity: Identity): SecondFactor | undefined;
}

/** A key that may log in, and what checks its signatures. */
export interface CheckedKey {
  /** Who logs in with it. */
  readonly login: Login;
  /** Whether a signature over a message is right. */
  isSigned(message: Uint8Array, signature: Uint8Array, algorithm: string): boolean;
}
