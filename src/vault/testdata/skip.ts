/** Registers a test, or one that is skipped, with the reason in its name and in the output. */
export function testOrSkip(
  name: string,
  reason: string | undefined,
  fn: () => void | Promise<void>,
): void {
  if (reason === undefined) return Deno.test(name, fn);
  // deno-lint-ignore no-console
  console.log(`SKIP: ${name}: ${reason}`);
  Deno.test({ name: `${name} [skip: ${reason}]`, ignore: true, fn });
}

/** Why a program cannot be used, if it cannot. */
export function missingProgram(name: string): string | undefined {
  const directories = Deno.env.get("PATH")?.split(":") ?? [];
  return directories.some((directory) => exists(`${directory}/${name}`))
    ? undefined
    : `${name} is not installed`;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
