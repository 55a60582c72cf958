export { missing, missingFile } from "./programs.ts";

/** Registers a test, or one that is skipped and counted if there is a reason to. */
export function testOrSkip(
  name: string,
  reason: string | undefined,
  fn: (t: Deno.TestContext) => void | Promise<void>,
): void {
  if (reason === undefined) Deno.test(name, fn);
  else Deno.test({ name: skippedName(name, reason), ignore: true, fn });
}

/** The name under which a skipped test is registered, which tells `run_tests.ts` the reason. */
export function skippedName(name: string, reason: string): string {
  return `${name} [skip: ${reason}]`;
}
