/**
 * Dialling nodes by public key, certificate or name, over QUIC and TLS at once.
 *
 * The way outward is the way inward backwards: `target.ts` (what was written) → `dial.ts` (the
 * race) → `dial_quic.ts`, `dial_tls.ts` (trust in the handshake) → proof of the own key → the same
 * `Connection` that handlers get.
 *
 * ```ts
 * import { parseTarget } from "@alknet/client";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(parseTarget("localhost").addresses[0]?.port, 4433);
 * ```
 *
 * @module
 */
export * from "./dial.ts";
export { type Attempt, DialError, type DialFailure } from "./errors.ts";
export * from "./path_memory.ts";
export * from "./target.ts";
export * from "./ticket.ts";
