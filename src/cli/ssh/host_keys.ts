import { sshFingerprint } from "@alknet/ssh";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { CliError, ExitCode } from "../errors.ts";
import { makePrivateDirectory, type Paths } from "../paths.ts";

/** The file that holds the host keys of nodes, in the format that OpenSSH reads as well. */
export function knownHostsFile({ data }: Paths): string {
  return join(data, "ssh_known_hosts");
}

/**
 * Puts a host's line in place of its earlier one.
 *
 * @param name What the host is called; one word.
 * @param key The key in wire form.
 * @returns The line.
 */
export async function rememberHostKey(
  paths: Paths,
  name: string,
  key: Uint8Array,
): Promise<string> {
  const file = knownHostsFile(paths);
  const line = `${name} ssh-ed25519 ${key.toBase64()}`;
  await makePrivateDirectory(paths.data);
  const before = await textOf(file);
  const others = before.split("\n").filter((each) => each !== "" && !each.startsWith(`${name} `));
  const temporary = `${file}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(temporary, [...others, line, ""].join("\n"), { mode: 0o600 });
  await Deno.rename(temporary, file);
  return line;
}

/** What is expected of the host key of one server, and what it showed. */
export class HostKeyCheck {
  /** What the server showed, in wire form. */
  shown = new Uint8Array(0);
  /** In base64, or a fingerprint; undefined where nothing is known. */
  readonly #expected: string | undefined;
  readonly #isProven: boolean;

  private constructor(expected: string | undefined, isProven: boolean) {
    this.#expected = expected || undefined;
    this.#isProven = isProven;
  }

  /**
   * For a connection on which the node has proven its id: what it shows there is its key, and that
   * stays, since both come from the same words.
   */
  static async ofNode(paths: Paths, nodeId: string | undefined): Promise<HostKeyCheck> {
    const file = knownHostsFile(paths);
    return new HostKeyCheck(nodeId && await knownKey(file, nodeId), true);
  }

  /** For a connection that proves nothing: the key must be known, by name or by fingerprint. */
  static async ofStranger(
    paths: Paths,
    name: string,
    fingerprint: string | undefined,
  ): Promise<HostKeyCheck> {
    const expected = fingerprint ?? await knownKey(knownHostsFile(paths), name) ??
      await knownKey(join(Deno.env.get("HOME") ?? "/", ".ssh", "known_hosts"), name);
    return new HostKeyCheck(expected, false);
  }

  /** Whether nothing was known before. */
  get isFirst(): boolean {
    return this.#expected === undefined;
  }

  /** Whether the key is the one. */
  verify(key: Uint8Array): boolean {
    this.shown = new Uint8Array(key);
    if (this.#expected === undefined) return this.#isProven;
    return this.#expected === key.toBase64() || this.#expected === sshFingerprint(key);
  }

  /** What to tell when it was not. */
  refusal(name: string, paths: Paths): CliError {
    const shown = sshFingerprint(this.shown);
    const text = this.isFirst
      ? `The host key of ${name} is not known; it shows ${shown}: if that is right, give ` +
        `--host-key ${shown}`
      : `${name} shows another host key than before, ${shown}, and was told nothing: if its words ` +
        `were changed, remove its line from ${knownHostsFile(paths)}`;
    return new CliError(text, ExitCode.Refused);
  }
}

async function knownKey(file: string, name: string): Promise<string | undefined> {
  for (const line of (await textOf(file)).split("\n")) {
    const [names = "", type, key] = line.split(" ");
    if (type === "ssh-ed25519" && names.split(",").some((each) => isName(each, name))) return key;
  }
  return undefined;
}

/** Names stand there as they are, or hashed (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
function isName(text: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([A-Za-z0-9+/=]+)\|([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  if (!salt) return text === name;
  return createHmac("sha1", Uint8Array.fromBase64(salt)).update(name).digest("base64") === hash;
}

async function textOf(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
