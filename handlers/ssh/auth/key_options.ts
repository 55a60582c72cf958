import { SshOptionError } from "../errors.ts";
import { type ForwardRule, ForwardRuleError, parseForwardRule } from "../forward/rules.ts";
import { parseVariable } from "../session/environment.ts";
import type { LoginRestrictions } from "./login.ts";
import { parseSources } from "./source_addresses.ts";

/** Options without a value. What is never offered here may be forbidden all the same. */
const FLAGS = new Map<string, LoginRestrictions>([
  ["restrict", { pty: false, forwarding: false, agent: false }],
  ["pty", { pty: true }],
  ["no-pty", { pty: false }],
  ["port-forwarding", { forwarding: true }],
  ["no-port-forwarding", { forwarding: false }],
  ["agent-forwarding", { agent: true }],
  ["no-agent-forwarding", { agent: false }],
  ["no-x11-forwarding", {}],
  ["no-user-rc", {}],
]);

/** Makes something of a value; what stood before it is at hand for options that add up. */
type ValueOption = (value: string, before: LoginRestrictions) => LoginRestrictions;

const VALUES = new Map<string, ValueOption>([
  ["command", (value) => ({ forceCommand: value })],
  ["from", (value) => ({ from: parseSources(value) })],
  ["expiry-time", (value) => ({ expiresAt: parseExpiry(value) })],
  ["environment", (value, { environment }) => ({ environment: withVariable(environment, value) })],
  ["permitopen", (value, { permitOpen = [] }) => ({
    permitOpen: [...permitOpen, permission(value)],
  })],
  ["permitlisten", (value, { permitListen = [] }) => ({
    permitListen: [...permitListen, permission(listened(value))],
  })],
]);

const OPTION = /([A-Za-z0-9-]+)(?:="((?:[^"\\]|\\.)*)")?(?:,|$)/y;
const EXPIRY = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/i;

/**
 * Reads the options of a key as they stand in OpenSSH's `authorized_keys` (sshd(8)): `restrict`,
 * `command=`, `from=`, `expiry-time=`, `environment=`, `permitopen=`, `permitlisten=`, and `pty`,
 * `port-forwarding` and `agent-forwarding` with and without `no-`.
 *
 * @throws {SshOptionError} For every other option: what is not understood must not be passed over.
 *
 * @example
 * ```ts
 * import { parseKeyOptions } from "@alknet/ssh";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(parseKeyOptions('from="10.0.0.0/8,!10.0.0.1",no-pty'), {
 *   from: ["10.0.0.0/8", "!10.0.0.1"],
 *   pty: false,
 * });
 * ```
 */
export function parseKeyOptions(text: string): LoginRestrictions {
  let restrictions: LoginRestrictions = {};
  let at = 0;
  while (at < text.length) {
    OPTION.lastIndex = at;
    const [whole, name = "", value] = OPTION.exec(text) ?? [];
    const added = whole && restriction(name.toLowerCase(), unescaped(value), restrictions);
    if (!added) throw new SshOptionError(`Cannot read key option "${text.slice(at, at + 80)}"`);
    restrictions = { ...restrictions, ...added };
    at = OPTION.lastIndex;
  }
  return restrictions;
}

function restriction(
  name: string,
  value: string | undefined,
  before: LoginRestrictions,
): LoginRestrictions | undefined {
  return value === undefined ? FLAGS.get(name) : VALUES.get(name)?.(value, before);
}

function unescaped(value: string | undefined): string | undefined {
  return value?.replaceAll('\\"', '"');
}

/** The first value of a name counts, as in OpenSSH. */
function withVariable(
  before: ReadonlyMap<string, string> | undefined,
  text: string,
): ReadonlyMap<string, string> {
  return new Map([parseVariable(text), ...before ?? []]);
}

/** `YYYYMMDD[HHMM[SS]]`, of this machine's time zone, or of UTC with a `Z`. */
function parseExpiry(text: string): Date {
  const [, year, month, day, hour = "00", minute = "00", second = "00", zone] = EXPIRY.exec(text) ??
    [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const time = new Date(zone ? `${iso}Z` : iso);
  // Dates such as the 31st of April would be another day.
  const isThatDay = (zone ? time.getUTCDate() : time.getDate()) === Number(day);
  if (!Number.isNaN(time.getTime()) && isThatDay) return time;
  throw new SshOptionError(`Cannot read time "${text}": write YYYYMMDD, YYYYMMDDHHMM or …Z`);
}

function permission(target: string): ForwardRule {
  try {
    return parseForwardRule(`allow ${target}`);
  } catch (error) {
    if (!(error instanceof ForwardRuleError)) throw error;
    throw new SshOptionError(`Cannot read destination "${target}": write host:port`);
  }
}

/** A port alone is one on any address; listeners for `localhost` are bound to its address. */
function listened(value: string): string {
  const target = value.includes(":") ? value : `*:${value}`;
  return target.replace(/^localhost:/, "127.0.0.1:");
}
