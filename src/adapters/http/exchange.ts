import { badResponse, unreachable } from "./http_errors.ts";

/** What sends a request: `fetch`, or something that acts like it. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** A request that is ready to go. */
export interface HttpRequest {
  /** In upper case. */
  readonly method: string;
  /** `http:` or `https:`. */
  readonly url: URL;
  /** Credentials included. */
  readonly headers: Headers;
  /** Default: none. */
  readonly body?: BodyInit | undefined;
  /** Ends the exchange, and the reading of its answer, when aborted. */
  readonly signal: AbortSignal;
}

/** Most redirects followed one after the other. */
const MAX_REDIRECTS = 5;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a request. Redirects are followed where nothing can be lost by it: for GET and HEAD, and
 * within the origin, so that credentials and inputs never reach another one.
 *
 * @throws {CallError} HTTP_UNREACHABLE, or HTTP_BAD_RESPONSE for a redirect that is not followed.
 * @throws The signal's reason once it is aborted.
 */
export async function exchange(request: HttpRequest, send: Fetch = fetch): Promise<Response> {
  let { url } = request;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await sendOnce({ ...request, url }, send);
    if (!REDIRECTS.has(response.status)) return response;
    await response.body?.cancel();
    url = redirected(request.method, url, response.headers.get("location"));
  }
  throw badResponse(`more than ${MAX_REDIRECTS} redirects`);
}

async function sendOnce(request: HttpRequest, send: Fetch): Promise<Response> {
  const { method, url, headers, body, signal } = request;
  try {
    return await send(url, { method, headers, body, signal, redirect: "manual" });
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw unreachable(cause);
  }
}

function redirected(method: string, from: URL, location: string | null): URL {
  if (method !== "GET" && method !== "HEAD") throw badResponse(`a redirect of a ${method}`);
  const to = location === null ? null : URL.parse(location, from);
  if (!to) throw badResponse("a redirect to nowhere");
  if (to.origin !== from.origin) throw badResponse("a redirect to another origin");
  to.username = to.password = "";
  return to;
}
