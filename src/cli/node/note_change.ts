import type { Store } from "@alknet/store";

/** A change of who may do what, for the audit. */
export interface NotedChange {
  /** Id of the identity that made it. */
  readonly by: string;
  /** What happened, such as `peer.added`. */
  readonly kind: string;
  /** To what, and in a few words how; never a secret. */
  readonly what: string;
  /** The key it is about. Default: none. */
  readonly fingerprint?: string;
}

/** Notes a change in the audit, in one form for commands and operations. */
export function noteChange(store: Store, { by, kind, what, fingerprint }: NotedChange): void {
  store.audit.append({ kind, peer: by, fingerprint, detail: what });
}
