import type { Identity, IdentityProvider } from "./identity.ts";

/**
 * Several identity providers as one: the first that knows a credential answers, and a key that any
 * of them has switched off is refused.
 *
 * @param providers In order of precedence.
 * @returns The provider.
 *
 * @example
 * ```ts
 * import { ConfigIdentities, NOBODY, joinIdentities } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * const own = new ConfigIdentities({ peers: [], tokens: [], owner: "ed25519:00" });
 * strictEqual(joinIdentities([NOBODY, own]).fromFingerprint("ed25519:00")?.id, "owner");
 * ```
 */
export function joinIdentities(providers: readonly IdentityProvider[]): IdentityProvider {
  const first = (ask: (provider: IdentityProvider) => Identity | undefined) => {
    for (const provider of providers) {
      const found = ask(provider);
      if (found) return found;
    }
    return undefined;
  };
  const isDisabled = (fingerprint: string): boolean =>
    providers.some((provider) => provider.isDisabled(fingerprint));
  return {
    isDisabled,
    fromFingerprint: (fingerprint) =>
      isDisabled(fingerprint)
        ? undefined
        : first((provider) => provider.fromFingerprint(fingerprint)),
    fromToken: (token) => first((provider) => provider.fromToken(token)),
    fromSshKey: (blob) => first((provider) => provider.fromSshKey(blob)),
    withId: (id) => first((provider) => provider.withId(id)),
    issueOf: (id) => providers.find((provider) => provider.withId(id))?.issueOf?.(id),
    onChange: (listener) => {
      const stops = providers.map((provider) => provider.onChange(listener));
      return () => stops.forEach((stop) => stop());
    },
  };
}
