import type { Account } from "./account.ts";
import type { ProgramSpec } from "./program.ts";

/** What is run, by its words; an account's shell stands in them where they need one. */
export type CommandLine = (account: Account) => readonly [string, ...string[]];

/** The login shell of an account. */
export function loginShell({ shell }: Account): readonly [string, ...string[]] {
  return [shell, "-l"];
}

/** A program as an account runs it: in its home, where that is to be seen from here. */
export async function programFor(
  account: Account,
  line: CommandLine,
  env: Readonly<Record<string, string>>,
): Promise<ProgramSpec> {
  const [first, ...rest] = [...account.prefix, ...line(account)];
  const cwd = await isDirectory(account.home) ? account.home : "/";
  return { argv: [first ?? account.shell, ...rest], env, cwd };
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false; // missing, or not to be seen from here
  }
}
