import type { FetchHandler } from "./http_info.ts";

const MAX_AGE_S = 3_600;
const SWITCHING_PROTOCOLS = 101;

/**
 * Tells clients of HTTP/1.1 and HTTP/2 that the same port speaks HTTP/3 (RFC 7838): QUIC and TLS
 * share their port number, and the client has just named it.
 */
export function advertise(fetch: FetchHandler): FetchHandler {
  return async (request, info) => {
    const response = await fetch(request, info);
    if (response.status === SWITCHING_PROTOCOLS || response.headers.has("alt-svc")) return response;
    const port = new URL(request.url).port || "443";
    return withHeader(response, "alt-svc", `h3=":${port}"; ma=${MAX_AGE_S}`);
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
