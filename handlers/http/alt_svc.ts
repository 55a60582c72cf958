import type { FetchHandler } from "./http_info.ts";

const MAX_AGE_S = 3_600;
const SWITCHING_PROTOCOLS = 101;

/** The port in an `https:` URL whose authority has no user. */
const PORT = /^https:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/;

/**
 * Tells clients of HTTP/1.1 and HTTP/2 that the same port speaks HTTP/3 (RFC 7838): QUIC and TLS
 * share their port number, and the client has just named it.
 */
export function advertise(fetch: FetchHandler): FetchHandler {
  return (request, info) => {
    const answer = fetch(request, info);
    // An answer that is there is not made to wait: a promise costs more than the header.
    if (answer instanceof Response) return advertised(answer, request);
    return answer.then((response) => advertised(response, request));
  };
}

function advertised(response: Response, { url }: Request): Response {
  if (response.status === SWITCHING_PROTOCOLS || response.headers.has("alt-svc")) return response;
  const port = Number(PORT.exec(url)?.[1] ?? 443);
  return withHeader(response, "alt-svc", `h3=":${port}"; ma=${MAX_AGE_S}`);
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
