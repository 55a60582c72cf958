import type { CipherKit } from "./cipher_kit.ts";
import { NODE_KIT } from "./node_crypto_adapter.ts";
import { openSslKit } from "./openssl_adapter.ts";
import { loadPoly } from "./poly1305_adapter.ts";

/** Ciphers that somebody uses, until it is disposed of. */
export interface CipherLease extends Disposable {
  /** Makes ciphers, which must be freed before the lease is. */
  readonly kit: CipherKit;
}

let shared: { readonly kit: CipherKit; users: number } | undefined;

/**
 * The fastest ciphers to be had here. All who use some at a time share one library, which takes
 * 4 ms to open: who serves one connection after another keeps a lease in between.
 */
export async function leaseCiphers(): Promise<CipherLease> {
  await loadPoly();
  const held = shared ??= { kit: openSslKit() ?? NODE_KIT, users: 0 };
  held.users++;
  let isOver = false;
  return {
    kit: held.kit,
    [Symbol.dispose](): void {
      if (isOver) return;
      isOver = true;
      if (--held.users > 0) return;
      shared = undefined;
      held.kit[Symbol.dispose]();
    },
  };
}
