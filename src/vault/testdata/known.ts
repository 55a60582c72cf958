import { Vault, type VaultOptions } from "../mod.ts";

export const PHRASE = "abandon ".repeat(11) + "about";

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** A vault of the best known phrase. */
export async function knownVault(options?: VaultOptions): Promise<Vault> {
  const vault = new Vault(options);
  await vault.unlock(bytes(PHRASE));
  return vault;
}

/** A directory of mode 0700 that goes away. */
export async function tempDirectory(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
