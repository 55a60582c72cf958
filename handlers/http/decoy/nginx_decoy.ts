import type { Decoy } from "./decoy.ts";
import { nginxPage } from "./nginx_pages.ts";

/**
 * A web server with nothing on it: nginx's 404 page for whatever is asked, as
 * `server { server_tokens off; return 404; }` answers.
 *
 * @returns A decoy.
 *
 * @example
 * ```ts
 * import { nginxDecoy } from "@alknet/http";
 * import { strictEqual } from "node:assert/strict";
 *
 * const response = await nginxDecoy()(new Request("https://node.example/admin"));
 * strictEqual(response.status, 404);
 * strictEqual(response.headers.get("server"), "nginx");
 * ```
 */
export function nginxDecoy(): Decoy {
  return (request) => nginxPage(request.method === "TRACE" ? 405 : 404, request);
}
