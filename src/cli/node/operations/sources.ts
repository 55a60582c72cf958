import type { Endpoint, Identity, IdentityEntries, IdentityProvider } from "@alknet/core";
import type { OperationRegistryOptions } from "@alknet/operations";
import type { Store } from "@alknet/store";

/** What the node's own operations look at. */
export interface OperationSources {
  readonly store: Store;
  /** What stands in `identities.toml`. */
  readonly identitiesFile: { readonly entries: IdentityEntries };
  /**
   * Takes up again what stands in files and elsewhere.
   *
   * @throws {ConfigError} For a mistake in it; nothing changes then.
   */
  reload(): Promise<void>;
  /** When the node was started. */
  readonly startedAt: Date;
  /** The endpoint, once it runs. */
  endpoint(): Endpoint | undefined;
  /** Tells when scopes may have changed. Default: they do not. */
  readonly identities?: Pick<IdentityProvider, "onChange">;
  /** Settings of the registry. */
  readonly registry?: OperationRegistryOptions;
  /** Whether a caller who may call an operation is to be told of it. Default: always. */
  offers?(name: string, caller: Identity | undefined): boolean;
}
