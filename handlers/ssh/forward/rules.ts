import { type Blame, hasScope, type Identity } from "@alknet/core";

import { matchesCidr } from "./cidr.ts";

/** Thrown for a rule that cannot be read. */
export class ForwardRuleError extends SyntaxError {
  /** The class's name. */
  override readonly name = "ForwardRuleError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}

/** One line of a policy for forwarding. */
export interface ForwardRule {
  /** What happens where it matches. */
  readonly action: "allow" | "deny";
  /** A name, `*.example.com`, a network such as `10.0.0.0/8`, or `*`. */
  readonly host: string;
  /** First and last port. */
  readonly ports: readonly [number, number];
  /** Peer ids or scopes it is for; empty for everybody. */
  readonly principals: readonly string[];
}

/** Where somebody wants to get, as far as it is known. */
export interface Destination {
  /** As asked for, in lower case: a name or an address. */
  readonly host: string;
  /** What it leads to. */
  readonly address: string;
  /** The port. */
  readonly port: number;
}

const RULE = /^(allow|deny)\s+(\S+?):(\*|\d+(?:-\d+)?)(?:\s+for\s+(\S+))?$/;
const HOST = /^(?:\*|(?:\*\.)?[a-z0-9._-]+|[0-9a-f.:]+(?:\/\d{1,3})?)$/;
const MAX_PORT = 65_535;

/**
 * Reads a rule: `allow HOST:PORTS [for WHO,WHO]` or `deny …`.
 *
 * @param text Such as `allow 10.0.0.0/8:80-443 for alice,ssh:shell`; IPv6 networks in brackets.
 * @throws {ForwardRuleError} For anything else.
 *
 * @example
 * ```ts
 * import { parseForwardRule } from "@alknet/ssh";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(parseForwardRule("allow *.db.internal:5432 for alice"), {
 *   action: "allow",
 *   host: "*.db.internal",
 *   ports: [5432, 5432],
 *   principals: ["alice"],
 * });
 * ```
 */
export function parseForwardRule(text: string): ForwardRule {
  const [, action, hostText = "", portText = "", principals] = RULE.exec(text.trim()) ?? [];
  const host = hostText.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const [first = 0, last = first] = portText === "*"
    ? [0, MAX_PORT]
    : portText.split("-").map(Number);
  const isRange = first <= last && last <= MAX_PORT;
  if ((action !== "allow" && action !== "deny") || !HOST.test(host) || !isRange) {
    throw new ForwardRuleError(
      `Cannot read rule "${text.slice(0, 80)}": write "allow|deny host:ports [for who,who]"`,
    );
  }
  return { action, host, ports: [first, last], principals: principals?.split(",") ?? [] };
}

/**
 * Whether rules let somebody reach a destination: the first that matches decides, and without one
 * the answer is no. Rules with networks look at the address, which is the one that is dialled.
 */
export function isForwardAllowed(
  rules: readonly ForwardRule[],
  identity: Identity,
  destination: Destination,
): boolean {
  const rule = rules.find((each) => matches(each, identity, destination));
  return rule?.action === "allow";
}

/** Whether the scopes of somebody cover a destination; names and IPv4 addresses can stand in one. */
export function hasForwardScope(
  identity: Identity,
  verb: "forward" | "listen",
  host: string,
  port: number,
): boolean {
  const object = /^[a-z0-9][a-z0-9._-]*$/.test(host) ? `:${host}/${port}` : "";
  return hasScope(identity, `ssh:${verb}${object}`);
}

function matches(
  { host, ports: [first, last], principals }: ForwardRule,
  identity: Identity,
  destination: Destination,
): boolean {
  const { port } = destination;
  if (port < first || port > last || !hostMatches(host, destination)) return false;
  return principals.length === 0 || principals.some((each) => isPrincipal(each, identity));
}

function hostMatches(pattern: string, { host, address }: Destination): boolean {
  if (pattern === "*" || pattern === host) return true;
  if (pattern.startsWith("*.")) return host.endsWith(pattern.slice(1));
  return matchesCidr(pattern, address);
}

function isPrincipal(principal: string, identity: Identity): boolean {
  return principal.includes(":") ? hasScope(identity, principal) : identity.id === principal;
}
