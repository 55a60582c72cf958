import { Refusal } from "./refusal.ts";

/** Longest name, in bytes, as most systems have it. */
const MAX_NAME_BYTES = 255;

/** A folder on the way to a path, for people to go back to. */
export interface Crumb {
  /** Its name; empty for the root. */
  readonly name: string;
  /** Where it is. */
  readonly path: string;
}

/** A path that came in a request, without `.`, `..` and empty parts. */
export function pathFrom(text: string | undefined): string {
  const parts: string[] = [];
  for (const part of (text ?? "").split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Everything from the root to a path. */
export function crumbsOf(path: string): Crumb[] {
  const names = path.split("/").filter((name) => name !== "");
  return [
    { name: "", path: "/" },
    ...names.map((name, index) => ({ name, path: `/${names.slice(0, index + 1).join("/")}` })),
  ];
}

/** The folder a path is in, and its name there. */
export function placeOf(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return { folder: path.slice(0, slash) || "/", name: path.slice(slash + 1) };
}

/** What has a name in a folder. */
export function within(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

/**
 * A name that somebody has typed, or that a file to be uploaded has.
 *
 * @throws {Refusal} For what is no single name, or could not be read in a list.
 */
export function nameFrom(value: unknown): string {
  const name = typeof value === "string" ? value.trim() : "";
  if (name === "") throw new Refusal(400, "A name is needed");
  if (name === "." || name === ".." || name.includes("/")) {
    throw new Refusal(400, "A name has no slash, and is not . or ..");
  }
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)) {
    throw new Refusal(400, "A name has no line breaks or control characters");
  }
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) {
    throw new Refusal(400, "The name is too long");
  }
  return name;
}

/** What there is at the addresses of files. */
export type FilePage = "" | "/download" | "/folder" | "/rename" | "/remove";

/** The address of a page about a path. */
export function fileAddress(page: FilePage, path: string): string {
  return `/ui/files${page}?path=${encodeURIComponent(path).replaceAll("%2F", "/")}`;
}

/** A name as people can read it on one line: what cannot be seen, or turns text around, is spelt out. */
export function visibleName(name: string): string {
  return name.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
