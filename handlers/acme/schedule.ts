import { X509Certificate } from "node:crypto";
import { backoffMs, type Leaf } from "@alknet/core";

import { AcmeError } from "./errors.ts";

/** When to order, and when to try again. */
export interface AcmeSchedule {
  /** Wait after the first failure, in milliseconds. Default: 300,000. */
  readonly retryFirstMs?: number;
  /** Longest wait after failures, in milliseconds. Default: 43,200,000. */
  readonly retryMaxMs?: number;
  /** A number from 0 to below 1, so that many do not come at once. Default: at random. */
  readonly random?: () => number;
}

/** Five failed proofs an hour are what Let's Encrypt allows for a name. */
const RETRY_FIRST_MS = 300_000;
const RETRY_MAX_MS = 43_200_000;
/** Part of the lifetime after which a certificate is renewed, and by how much it may be earlier. */
const RENEW_AFTER = 2 / 3;
const EARLIER = 1 / 20;

/**
 * When to renew a certificate: at two thirds of its lifetime, less a random part of up to a
 * twentieth.
 */
export function renewalTime(
  { cert, notAfter }: Leaf,
  { random = Math.random }: AcmeSchedule,
): Date {
  const from = Date.parse(new X509Certificate(cert).validFrom);
  const lifetime = notAfter.getTime() - from;
  return new Date(from + lifetime * (RENEW_AFTER - random() * EARLIER));
}

/** Time until the next attempt: longer with each failure, and never less than the server wants. */
export function retryDelayMs(failures: number, error: unknown, schedule: AcmeSchedule): number {
  const { retryFirstMs = RETRY_FIRST_MS, retryMaxMs = RETRY_MAX_MS, random } = schedule;
  const wanted = error instanceof AcmeError ? error.problem.retryAfterMs ?? 0 : 0;
  return Math.max(
    wanted,
    backoffMs(failures, { firstMs: retryFirstMs, maxMs: retryMaxMs, random }),
  );
}
