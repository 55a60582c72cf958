import type { Endpoint, Identity, IdentityEntries } from "@alknet/core";
import type { OperationRegistryOptions } from "@alknet/operations";
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
  /** Settings of the registry. */
  readonly registry?: OperationRegistryOptions;
  /** Whether a caller who may call an operation is to be told of it. Default: always. */
  offers?(name: string, caller: Identity | undefined): boolean;
}

/** Peers and tokens that a person keeps by hand. */
export interface IdentitiesFile {
  readonly entries: IdentityEntries;
  /** @throws {ConfigError} For a mistake in it; nothing changes then. */
  reload(): Promise<void>;
}
