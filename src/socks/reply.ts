import type { Address } from "@alknet/core";

import { addressBytes, parseIpv4 } from "./address_bytes.ts";
import type { ProxyRefusal } from "./errors.ts";
import { httpResponse } from "./http_connect.ts";
import type { ProxyRequest } from "./proxy_request.ts";
import { SOCKS4_REJECTED } from "./socks4.ts";
import { SOCKS5 } from "./socks5.ts";

/** What became of a request: where this side's end of it is, or why there is none. */
export type ProxyOutcome =
  | { readonly bound: Address }
  | { readonly refusal: ProxyRefusal };

const CODES: Readonly<Record<ProxyRefusal, number>> = {
  "failed": 1,
  "not-allowed": 2,
  "network-unreachable": 3,
  "host-unreachable": 4,
  "refused": 5,
  "timed-out": 6,
  "command-not-supported": 7,
  "address-not-supported": 8,
};

const STATUSES: Readonly<Record<ProxyRefusal, string>> = {
  "failed": "502 Bad Gateway",
  "not-allowed": "403 Forbidden",
  "network-unreachable": "502 Bad Gateway",
  "host-unreachable": "502 Bad Gateway",
  "refused": "502 Bad Gateway",
  "timed-out": "504 Gateway Timeout",
  "command-not-supported": "501 Not Implemented",
  "address-not-supported": "501 Not Implemented",
};

const NOWHERE: Address = { hostname: "0.0.0.0", port: 0 };

/**
 * Writes the answer to a request in the protocol it came in.
 *
 * @example
 * ```ts
 * import { proxyReply } from "@alknet/socks";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const destination = { hostname: "example.com", port: 443 };
 * const reply = proxyReply(
 *   { protocol: "socks5", command: "connect", destination },
 *   { refusal: "not-allowed" },
 * );
 * deepStrictEqual([...reply], [5, 2, 0, 1, 0, 0, 0, 0, 0, 0]);
 * ```
 */
export function proxyReply(
  { protocol }: ProxyRequest,
  outcome: ProxyOutcome,
): Uint8Array {
  if (protocol === "http") {
    return httpResponse("refusal" in outcome ? STATUSES[outcome.refusal] : "200 OK");
  }
  if (protocol === "socks4") {
    return "refusal" in outcome ? SOCKS4_REJECTED : granted4(outcome.bound);
  }
  const code = "refusal" in outcome ? CODES[outcome.refusal] : 0;
  const bound = "refusal" in outcome ? NOWHERE : outcome.bound;
  return new Uint8Array([SOCKS5, code, 0, ...addressBytes(bound)]);
}

function granted4({ hostname, port }: Address): Uint8Array {
  return new Uint8Array([0, 90, port >> 8, port & 255, ...parseIpv4(hostname) ?? [0, 0, 0, 0]]);
}
