/**
 * Certificates that browsers trust, from an ACME server such as Let's Encrypt.
 *
 * The way to one: {@linkcode AcmeCertificates} waits until an order is due → `obtain.ts` goes through
 * it with the requests of `acme_client.ts` (RFC 8555) → `challenges.ts` holds the proofs, which the
 * handler of `acme-tls/1` (RFC 8737) or a plain listener on port 80 shows →
 * listeners take the new certificate up, and connections live on.
 *
 * ```ts
 * import { ALPN, isAcmeName } from "@alknet/acme";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(ALPN, "acme-tls/1");
 * strictEqual(isAcmeName("node.example"), true);
 * strictEqual(isAcmeName("*.example"), false);
 * ```
 *
 * @module
 */
export { AcmeCertificates, type AcmeStatus } from "./acme_certificates.ts";
export { ALPN } from "./acme_handler.ts";
export { type AcmeOptions, isAcmeName, LETS_ENCRYPT, MAX_NAMES } from "./acme_options.ts";
export { CHALLENGE_TYPES, type ChallengeType } from "./challenges.ts";
export * from "./errors.ts";
export type { ExternalAccount } from "./external_account.ts";
export type { AcmeStorage } from "./saved_state.ts";
export type { AcmeSchedule } from "./schedule.ts";
