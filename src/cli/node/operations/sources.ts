import type { Endpoint, IdentityEntries } from "@alknet/core";
import type { Store } from "@alknet/store";

/** What the node's own operations look at. */
export interface OperationSources {
  readonly store: Store;
  /** What stands in `identities.toml`, and a way to read it again. */
  readonly identitiesFile: IdentitiesFile;
  /** When the node was started. */
  readonly startedAt: Date;
  /** The endpoint, once it runs. */
  endpoint(): Endpoint | undefined;
}

/** Peers and tokens that a person keeps by hand. */
export interface IdentitiesFile {
  readonly entries: IdentityEntries;
  /** @throws {ConfigError} For a mistake in it; nothing changes then. */
  reload(): Promise<void>;
}
