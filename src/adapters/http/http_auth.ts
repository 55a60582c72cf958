import { CallCode, CallError, type Capabilities } from "@alknet/operations";

import type { Pair } from "./serialize.ts";

/** How a service wants its credential. The credential itself is a capability, never in here. */
export type HttpAuth =
  /** `Authorization: Bearer …` (RFC 6750). */
  | { readonly type: "bearer" }
  /** `Authorization: Basic …` (RFC 7617); the credential is `user:password`. */
  | { readonly type: "basic" }
  /** A header, a query parameter or a cookie of its own. */
  | { readonly type: "apiKey"; readonly in: "header" | "query" | "cookie"; readonly name: string };

/** One credential that a request carries. */
export interface AuthRequirement {
  /** The capability that holds it. */
  readonly capability: string;
  /** Where it goes. */
  readonly auth: HttpAuth;
}

/** The parts of a request that credentials go into. */
export interface AuthTarget {
  /** Those of the same name are replaced. */
  readonly headers: Headers;
  /** The query, percent-encoded; pairs of the same name are replaced. */
  query: readonly Pair[];
  /** Cookies, percent-encoded; pairs of the same name are replaced. */
  cookies: readonly Pair[];
}

/** What decides on the credentials of a request. */
export interface AuthOptions {
  /** Alternatives in order of preference, each with all that it needs. */
  readonly alternatives: readonly (readonly AuthRequirement[])[];
  /** The secrets that the operation was registered with. */
  readonly capabilities: Capabilities;
  /** The capability that stands for any that is not there by its own name. */
  readonly fallback: string;
}

/**
 * Puts credentials into a request: those of the first alternative of which all are there; none
 * where there is no such. Nothing that an input has put in their place stays.
 *
 * @throws {CallError} INTERNAL for a secret that cannot be sent; the error does not show it.
 */
export function addCredentials(target: AuthTarget, options: AuthOptions): void {
  const { alternatives, capabilities, fallback } = options;
  const nameOf = ({ capability }: AuthRequirement): string | undefined =>
    [capability, fallback].find((name) => capabilities.has(name));
  const chosen = alternatives.find((all) =>
    all.length > 0 && all.every((each) => nameOf(each) !== undefined)
  );
  for (const requirement of chosen ?? []) {
    addCredential(
      target,
      requirement.auth,
      secretText(capabilities.take(nameOf(requirement) ?? "")),
    );
  }
}

function addCredential(target: AuthTarget, auth: HttpAuth, secret: string): void {
  if (auth.type === "bearer") return target.headers.set("authorization", `Bearer ${secret}`);
  if (auth.type === "basic") {
    const encoded = new TextEncoder().encode(secret).toBase64();
    return target.headers.set("authorization", `Basic ${encoded}`);
  }
  if (auth.in === "header") return target.headers.set(auth.name, secret);
  if (auth.in === "query") target.query = withPair(target.query, auth.name, secret);
  else target.cookies = withPair(target.cookies, auth.name, secret);
}

function withPair(pairs: readonly Pair[], name: string, value: string): Pair[] {
  const encoded = encodeURIComponent(name);
  const others = pairs.filter(([each]) => decodeURIComponent(each) !== name);
  return [...others, [encoded, encodeURIComponent(value)]];
}

/** Visible ASCII and spaces within: what every place of a request takes. */
const SENDABLE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * A secret as it is sent, without white space around it.
 *
 * @throws {CallError} INTERNAL for one that cannot be sent; the error does not show it.
 */
export function secretText(secret: unknown): string {
  const text = secret instanceof Uint8Array ? new TextDecoder().decode(secret) : secret;
  const trimmed = typeof text === "string" ? text.trim() : "";
  if (SENDABLE.test(trimmed)) return trimmed;
  throw new CallError(CallCode.Internal, "Cannot send the credential: it is not visible ASCII");
}
