import { fileURLToPath } from "node:url";

/** Absolute path of the repository, without a trailing slash. */
export const ROOT: string = fromFileUrl(new URL("../../", import.meta.url)).replace(/\/$/, "");

/** The file path a `file:` URL names. */
export function fromFileUrl(url: URL): string {
  return fileURLToPath(url);
}
