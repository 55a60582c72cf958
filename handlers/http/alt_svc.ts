import type { FetchHandler, HttpInfo } from "./http_info.ts";
import { hostOf } from "./sites/site.ts";

const MAX_AGE_S = 3_600;
const HTTPS_PORT = 443;
const SWITCHING_PROTOCOLS = 101;

/**
 * Tells clients of HTTP/1.1 and HTTP/2 where the node speaks HTTP/3 (RFC 7838), if it does under the
 * certificate they have accepted: they check it for the name they asked for (section 2.1).
 *
 * @param publicUrl Where clients reach the node by its host, if not at the listener's port. What they
 * say themselves of a port is not believed: it may be one that leads elsewhere.
 */
export function advertise(fetch: FetchHandler, publicUrl?: URL): FetchHandler {
  const advertised = (response: Response, { url }: Request, { h3Port }: HttpInfo): Response => {
    if (response.status === SWITCHING_PROTOCOLS || response.headers.has("alt-svc")) return response;
    if (h3Port === undefined) return response;
    const known = publicUrl && publicUrl.hostname === hostOf(new URL(url));
    const port = known ? Number(publicUrl.port || HTTPS_PORT) : h3Port;
    return withHeader(response, "alt-svc", `h3=":${port}"; ma=${MAX_AGE_S}`);
  };
  return (request, info) => {
    const answer = fetch(request, info);
    // An answer that is there is not made to wait: a promise costs more than the header.
    if (answer instanceof Response) return advertised(answer, request, info);
    return answer.then((response) => advertised(response, request, info));
  };
}

/** Headers of some responses, such as those of `fetch` and `Response.redirect`, cannot be changed. */
function withHeader(response: Response, name: string, value: string): Response {
  try {
    response.headers.set(name, value);
    return response;
  } catch {
    const changed = new Response(response.body, response);
    changed.headers.set(name, value);
    return changed;
  }
}
