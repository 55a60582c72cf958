import { openStore, type Store, type StoreOptions } from "@alknet/store";
import { dirname } from "node:path";
import { readStoreConfig, type StoreConfig } from "../config/store_config.ts";
import { makePrivateDirectory, type Paths } from "../paths.ts";

const DAY_MS = 86_400_000;

/** The store's URL: the configured one, or the file beside the vault. */
export function storeUrl(config: Pick<StoreConfig, "storeUrl">, paths: Paths): string {
  return config.storeUrl ?? `sqlite:${paths.store}`;
}

/**
 * Opens the node's store, and makes it where there is none.
 *
 * @param options Whose key owns the node, and who beside its peers may have made tokens.
 * @throws {StoreBackendError} When the database cannot be opened.
 */
export async function openNodeStore(
  config: StoreConfig,
  paths: Paths,
  options: Pick<StoreOptions, "owner" | "elsewhere"> = {},
): Promise<Store> {
  await makePrivateDirectory(dirname(paths.store));
  const audit = { maxAgeMs: config.auditDays * DAY_MS };
  return await openStore(storeUrl(config, paths), { ...options, audit });
}

/** Opens the store of the configured node for one command. */
export async function openConfiguredStore(paths: Paths): Promise<Store> {
  return await openNodeStore(await readStoreConfig(paths.config), paths);
}
