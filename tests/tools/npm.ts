import { capture } from "./process.ts";

/** Gets a program from npm, unless it is here; returns the reason to skip what needs it. */
export async function missingFromNpm(specifier: string): Promise<string | undefined> {
  const args = ["cache", "--quiet", "--no-config", specifier];
  const { code } = await capture([Deno.execPath(), ...args]);
  return code === 0 ? undefined : `${specifier} cannot be had from npm`;
}
