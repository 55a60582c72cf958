import { join } from "node:path";

/** Looks a program up in `PATH`; returns the reason to skip what needs it, if it is missing. */
export function missing(program: string, path = Deno.env.get("PATH") ?? ""): string | undefined {
  const found = path.split(":").some((dir) => dir !== "" && isExecutable(join(dir, program)));
  return found ? undefined : `${program} is not installed`;
}

/** Looks for a file; returns the reason to skip what needs it, if it is missing. */
export function missingFile(path: string): string | undefined {
  try {
    Deno.statSync(path);
    return undefined;
  } catch {
    // Absent or out of reach: in no case can it be used.
    return `${path} is not installed`;
  }
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0o111) & 0o111) !== 0;
  } catch {
    // Absent, unreadable, not a directory: in no case can it be run.
    return false;
  }
}
