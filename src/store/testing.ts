/**
 * What every backend of a store must do, as named cases that run on a fresh, empty database each.
 *
 * ```ts
 * import { openStore } from "@alknet/store";
 * import { storeCompliance } from "@alknet/store/testing";
 *
 * const [first] = storeCompliance;
 * const directory = await Deno.makeTempDir();
 * await first?.run((options) => openStore(`sqlite:${directory}/store.db`, options));
 * await Deno.remove(directory, { recursive: true });
 * ```
 *
 * @module
 */
import type { StoreCase } from "./testing/harness.ts";
import { PEER_CASES } from "./testing/peers.ts";
import { STATE_CASES } from "./testing/state.ts";
import { TOKEN_CASES } from "./testing/tokens.ts";

export type { OpenStore, StoreCase } from "./testing/harness.ts";
export type { Store, StoreOptions } from "./store.ts";

/** All cases. */
export const storeCompliance: readonly StoreCase[] = [
  ...PEER_CASES,
  ...TOKEN_CASES,
  ...STATE_CASES,
];
