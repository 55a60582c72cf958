import type { Decoy } from "./decoy.ts";
import { nginxPage } from "./nginx_pages.ts";

/**
 * A web server that sends everybody somewhere else, as nginx's `return 302` does.
 *
 * @param location Where to: an `http:` or `https:` URL.
 * @returns A decoy.
 * @throws {TypeError} When it is no such URL.
 *
 * @example
 * ```ts
 * import { redirectDecoy } from "@alknet/http";
 * import { strictEqual } from "node:assert/strict";
 *
 * const response = await redirectDecoy("https://example.com/")(new Request("https://a.example/"));
 * strictEqual(response.headers.get("location"), "https://example.com/");
 * ```
 */
export function redirectDecoy(location: string): Decoy {
  const url = new URL(location);
  if (!/^https?:$/.test(url.protocol)) {
    throw new TypeError(`Cannot redirect to "${location}": write an http: or https: URL`);
  }
  return (request) => nginxPage(302, request, { location: url.href });
}
