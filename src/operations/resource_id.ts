/** Whether a text is a path that {@linkcode resourceIdAt} can follow. */
export function isResourceIdPath(path: string): boolean {
  return path.length <= 256 && /^\$(\.[^./]+)+$|^\$(\/[^/]+)+$/.test(path);
}

/**
 * Reads the id of a resource out of an input.
 *
 * @param input What the caller sent, not yet checked.
 * @param path `$.a.b` or `$/a/b`.
 * @returns The id, or undefined where there is no string of at least one character.
 */
export function resourceIdAt(input: unknown, path: string): string | undefined {
  const separator = path.startsWith("$/") ? "/" : ".";
  let value = input;
  for (const key of path.slice(2).split(separator)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return typeof value === "string" && value !== "" ? value : undefined;
}
