import { SshAccountError } from "./errors.ts";

/** A Unix account that programs run as. */
export interface Account {
  /** Its name. */
  readonly name: string;
  /** Its home directory, where programs start. */
  readonly home: string;
  /** Its login shell. */
  readonly shell: string;
  /** What is put before a program's arguments so that it runs as this account. */
  readonly prefix: readonly string[];
  /** Who owns what is made for it; undefined for the node's own account. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

const DEFAULT_SHELL = "/bin/sh";

/** The account that the node itself runs as. */
export async function nodeAccount(): Promise<Account> {
  const uid = Deno.uid();
  const entry = uid === null ? undefined : (await passwd()).find((each) => each.uid === uid);
  return {
    name: entry?.name ?? Deno.env.get("USER") ?? "node",
    home: entry?.home ?? Deno.env.get("HOME") ?? "/",
    shell: entry?.shell || Deno.env.get("SHELL") || DEFAULT_SHELL,
    prefix: [],
  };
}

/**
 * Another account, by `setpriv` of util-linux: user, groups and supplementary groups are set before
 * the program begins, and it cannot get more by programs that are setuid.
 *
 * @throws {SshAccountError} When there is no such account, or the node is not root.
 */
export async function accountNamed(name: string): Promise<Account> {
  const entry = (await passwd()).find((each) => each.name === name);
  if (!entry) throw new SshAccountError(`There is no account "${name}"`);
  if (entry.uid === Deno.uid()) return await nodeAccount();
  if (Deno.uid() !== 0) {
    throw new SshAccountError(`Cannot become "${name}": the node does not run as root`);
  }
  const { uid, gid, home, shell } = entry;
  return {
    name,
    home,
    shell: shell || DEFAULT_SHELL,
    prefix: ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--init-groups", "--"],
    owner: { uid, gid },
  };
}

async function passwd(): Promise<PasswdEntry[]> {
  const text = await Deno.readTextFile("/etc/passwd").catch(() => "");
  return text.split("\n").map((line) => line.split(":")).filter((fields) => fields.length === 7)
    .map(([name = "", , uid, gid, , home = "/", shell = ""]) => ({
      name,
      uid: Number(uid),
      gid: Number(gid),
      home,
      shell,
    }));
}
