/**
 * Certificates that browsers trust, from an ACME server such as Let's Encrypt.
 *
 * The way to one: {@linkcode AcmeCertificates} waits until an order is due → `obtain.ts` goes through
 * it with the requests of `acme_client.ts` (RFC 8555) → `challenges.ts` holds the proofs and
 * shows them: over `acme-tls/1` (RFC 8737) before the node's own TLS, or by a plain listener →
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
export { type AcmeOptions, isAcmeName, LETS_ENCRYPT, MAX_NAMES } from "./acme_options.ts";
export { ALPN, CHALLENGE_TYPES, type ChallengeType } from "./challenges.ts";
export * from "./errors.ts";
export type { ExternalAccount } from "./external_account.ts";
export type { AcmeStorage } from "./saved_state.ts";
export type { AcmeSchedule } from "./schedule.ts";
