import { parseEncryptedData, type Vault } from "@alknet/vault";
import type { Unseal } from "./node_parts.ts";

/** Opens secrets of the store with an unlocked vault. */
export function unsealWith(vault: Vault): Unseal {
  return async (store, provider) => {
    const record = store.credentials.get(provider);
    if (!record) return undefined;
    const bytes = await vault.decrypt(parseEncryptedData(record), { provider });
    try {
      return new TextDecoder().decode(bytes);
    } finally {
      bytes.fill(0);
    }
  };
}
