import type { Address } from "@alknet/core";

import { CHALLENGE_TYPES, type ChallengeType } from "./challenges.ts";
import { AcmeOptionsError } from "./errors.ts";
import type { ExternalAccount } from "./external_account.ts";
import type { AcmeStorage } from "./saved_state.ts";
import type { AcmeSchedule } from "./schedule.ts";

/** Let's Encrypt's directory. */
export const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

/** Most names of one certificate, which is what Let's Encrypt takes. */
export const MAX_NAMES = 100;

/** What {@linkcode AcmeCertificates.open} can be told. */
export interface AcmeOptions {
  /** DNS names, at least one; no wildcards, which take another kind of proof. */
  readonly names: readonly string[];
  /** Whether a person has agreed to the authority's terms of service; without it nothing is asked. */
  readonly termsAgreed: boolean;
  /** Where the account key and the certificate are kept. */
  readonly storage: AcmeStorage;
  /** The ACME server. Default: {@linkcode LETS_ENCRYPT}. */
  readonly directoryUrl?: string;
  /** Address for the authority's letters. Default: none. */
  readonly email?: string;
  /** Proofs to offer, the one wanted most first. Default: `tls-alpn-01`. */
  readonly types?: readonly ChallengeType[];
  /** Where `http-01` is answered, while such a challenge is open. Default: port 80 of `::`. */
  readonly httpAddress?: Address;
  /** Account that the authority asks to be bound to. Default: none. */
  readonly externalAccount?: ExternalAccount;
  /** Certificates to trust as the ACME server's beside the system's, PEM. Default: none. */
  readonly caCerts?: readonly string[];
  /** Longest time for one request, in milliseconds. Default: 30,000. */
  readonly requestTimeoutMs?: number;
  /** Longest time for one order, in milliseconds. Default: 600,000. */
  readonly orderTimeoutMs?: number;
  /** Times of renewal and of further attempts. */
  readonly schedule?: AcmeSchedule;
}

/** The options with what was left out. */
export type CheckedOptions =
  & AcmeOptions
  & Required<
    Pick<AcmeOptions, "directoryUrl" | "types" | "httpAddress" | "orderTimeoutMs" | "schedule">
  >;

const HTTP: Address = { hostname: "::", port: 80 };
const ORDER_TIMEOUT_MS = 600_000;
const NAME =
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Whether an ACME server can be asked for a certificate with this name by the proofs there are.
 *
 * @param name In any case.
 */
export function isAcmeName(name: string): boolean {
  return NAME.test(name.toLowerCase());
}

/**
 * Checks the options and fills in what is missing.
 *
 * @throws {AcmeOptionsError} For those that could not lead to a certificate.
 */
export function checkOptions(options: AcmeOptions): CheckedOptions {
  const { directoryUrl = LETS_ENCRYPT, types = ["tls-alpn-01"], termsAgreed } = options;
  const names = [...new Set(options.names.map((name) => name.toLowerCase()))];
  if (names.length === 0 || names.length > MAX_NAMES) {
    throw new AcmeOptionsError(`Cannot order a certificate for ${names.length} names`);
  }
  const bad = names.find((name) => !isAcmeName(name));
  if (bad !== undefined) {
    throw new AcmeOptionsError(`Cannot order a certificate for "${bad}": not a host name`);
  }
  if (!termsAgreed) {
    throw new AcmeOptionsError("Cannot order a certificate: the terms are not agreed to");
  }
  if (URL.parse(directoryUrl)?.protocol !== "https:") {
    throw new AcmeOptionsError(`Cannot use the ACME server "${directoryUrl}": no https URL`);
  }
  if (types.length === 0 || !types.every((type) => CHALLENGE_TYPES.includes(type))) {
    throw new AcmeOptionsError(`Cannot prove a name: choose from ${CHALLENGE_TYPES.join(", ")}`);
  }
  const { httpAddress = HTTP, orderTimeoutMs = ORDER_TIMEOUT_MS, schedule = {} } = options;
  return { ...options, names, directoryUrl, types, httpAddress, orderTimeoutMs, schedule };
}
