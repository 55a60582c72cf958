import { join, relative } from "node:path";

/**
 * The file that a URL's path names below a root.
 *
 * @returns Its path with links resolved, or undefined: outside the root, hidden (a segment with a
 * dot in front, but for `.well-known`), not there, or nothing that a path may hold.
 */
export async function filePath(root: string, pathname: string): Promise<string | undefined> {
  const segments = decodedSegments(pathname);
  if (!segments?.every(isServed)) return undefined;
  return await pathWithin(root, join(root, ...segments));
}

/**
 * A path with its links resolved.
 *
 * @returns Undefined for one that is not there, or that a link leads out of the root.
 */
export async function pathWithin(root: string, path: string): Promise<string | undefined> {
  try {
    const resolved = await Deno.realPath(path);
    return isWithin(await Deno.realPath(root), resolved) ? resolved : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function decodedSegments(pathname: string): string[] | undefined {
  try {
    return pathname.split("/").filter((segment) => segment !== "").map(decodeURIComponent);
  } catch {
    return undefined; // a percent sign that begins no byte
  }
}

/** What is decoded is one segment still: no separator, no way up, nothing hidden. */
function isServed(segment: string): boolean {
  // deno-lint-ignore no-control-regex -- control characters are the point
  return !/[/\\\x00-\x1f]/.test(segment) && (!segment.startsWith(".") || segment === ".well-known");
}

function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || (way !== ".." && !way.startsWith("../"));
}

/** Whether an error of the file system means that there is nothing to serve. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.PermissionDenied ||
    (error instanceof Error && /too long|os error 36|os error 40/i.test(error.message));
}
