import type { FetchHandler } from "../http_info.ts";

/**
 * Sends everybody elsewhere, with the path and query they came for.
 *
 * @param to An origin, perhaps with a path to put before theirs.
 * @param status Default: 308, which keeps the method.
 * @throws {TypeError} For what is no `http:` or `https:` URL.
 */
export function redirectSite(to: string, status: 301 | 302 | 307 | 308 = 308): FetchHandler {
  const base = new URL(to);
  // What follows the path would be lost, as the path asked for is put behind it.
  const plain = base.search === "" && base.hash === "" && base.username === "";
  if (!plain || !/^https?:$/.test(base.protocol)) {
    throw new TypeError(
      `Cannot redirect to "${to}": write an http or https URL without ?, # and @`,
    );
  }
  const prefix = base.origin + base.pathname.replace(/\/$/, "");
  return (request) => {
    const { pathname, search } = new URL(request.url);
    return new Response(null, { status, headers: { location: `${prefix}${pathname}${search}` } });
  };
}
