import type { Address } from "@alknet/core";

import { SshOptionError } from "../errors.ts";
import type { Account } from "./account.ts";

/** Variables that clients may set where nothing else is said. */
export const DEFAULT_ENV_PATTERNS: readonly string[] = [
  "LANG",
  "LC_*",
  "COLORTERM",
  "NO_COLOR",
  "GIT_PROTOCOL",
];

const MAX_VARIABLES = 32;
const MAX_VALUE_CHARACTERS = 1_024;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Reads `NAME=value`.
 *
 * @throws {SshOptionError} For what is not the name of a variable, and for a value with a NUL.
 */
export function parseVariable(text: string): [name: string, value: string] {
  const end = text.indexOf("=");
  const [name, value] = [text.slice(0, Math.max(0, end)), text.slice(end + 1)];
  if (NAME.test(name) && !value.includes("\0")) return [name, value];
  throw new SshOptionError(`Cannot read variable "${text.slice(0, 80)}": write NAME=value`);
}

/** The variables of one session that its client has set. */
export class ClientVariables {
  readonly #patterns: readonly string[];
  readonly #values = new Map<string, string>();

  /** `patterns` are names, or beginnings of names with `*`. */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
  }

  /** What was set. */
  get values(): ReadonlyMap<string, string> {
    return this.#values;
  }

  /** Sets one; false when it may not be set. */
  set(name: string, value: string): boolean {
    const allowed = NAME.test(name) && value.length <= MAX_VALUE_CHARACTERS &&
      !value.includes("\0") && this.#patterns.some((pattern) => matches(pattern, name)) &&
      (this.#values.has(name) || this.#values.size < MAX_VARIABLES);
    if (allowed) this.#values.set(name, value);
    return allowed;
  }
}

/** Variables of a program, by who sets them. */
export interface Variables {
  /** What its client set. */
  readonly client: ReadonlyMap<string, string>;
  /** What the node's owner sets: goes before everything else, as `SetEnv` of sshd. */
  readonly fixed: ReadonlyMap<string, string>;
}

/** The whole environment of a program: nothing of the node's own but `PATH` gets there. */
export function environmentOf(
  account: Account,
  remoteAddr: Address,
  { client, fixed }: Variables,
): Record<string, string> {
  const from = `${remoteAddr.hostname} ${remoteAddr.port}`;
  return {
    ...Object.fromEntries(client),
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    SHELL: account.shell,
    PATH: Deno.env.get("PATH") || DEFAULT_PATH,
    // Shells read their start-up files where these are set, as under sshd.
    SSH_CLIENT: `${from} 0`,
    SSH_CONNECTION: `${from} 0.0.0.0 0`,
    ...Object.fromEntries(fixed),
  };
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
