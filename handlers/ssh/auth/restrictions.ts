import type { LoginRestrictions } from "./login.ts";
import { isFromSource } from "./source_addresses.ts";

/** What a certificate itself says of what may be done with it. */
export type CertificateRestrictions = Pick<
  LoginRestrictions,
  "forceCommand" | "pty" | "forwarding" | "agent"
>;

/**
 * What holds for a certificate whose authority is restricted as well: whatever either forbids.
 *
 * @returns Undefined where both force a command, and not the same one: nothing would be right then.
 */
export function withAuthority(
  certificate: CertificateRestrictions,
  authority: LoginRestrictions,
): LoginRestrictions | undefined {
  const forceCommand = certificate.forceCommand ?? authority.forceCommand;
  if (forceCommand !== (authority.forceCommand ?? forceCommand)) return undefined;
  return {
    ...authority,
    forceCommand,
    pty: certificate.pty !== false && authority.pty !== false,
    forwarding: certificate.forwarding !== false && authority.forwarding !== false,
    agent: certificate.agent !== false && authority.agent !== false,
  };
}

/** Whether restrictions let somebody in from an address. */
export function isFromAllowed({ from }: LoginRestrictions, hostname: string): boolean {
  return from === undefined || isFromSource(from, hostname);
}

/** Whether restrictions let anybody in by now. */
export function hasExpired({ expiresAt }: LoginRestrictions, nowMs: number): boolean {
  return expiresAt !== undefined && nowMs >= expiresAt.getTime();
}
