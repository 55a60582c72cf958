import type { DashboardSession } from "./sessions.ts";

/** Name of the cookie: the prefix binds it to this host and to TLS (RFC 6265bis). */
export const COOKIE = "__Host-node-session";

/** The secret of the session that a request carries, or undefined. */
export function sessionSecret(request: Request): string | undefined {
  const cookies = request.headers.get("cookie") ?? "";
  return new RegExp(`(?:^|; *)${COOKIE}=([A-Za-z0-9_-]{20,64})(?:;|$)`).exec(cookies)?.[1];
}

/** The cookie that holds a session: no script reads it, no other site sends it. */
export function sessionCookie(secret: string): string {
  return `${COOKIE}=${secret}; Path=/; Secure; HttpOnly; SameSite=Strict`;
}

/** The cookie that ends a session in the browser. */
export const NO_COOKIE = `${COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict`;

/**
 * Whether a request that changes something, or streams, was made by a page of this site: the
 * browser's own word for it, and for forms the session's token.
 */
export function isOwnRequest(
  request: Request,
  session: DashboardSession,
  form?: FormData,
): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  const origin = request.headers.get("origin");
  if (origin !== null && URL.parse(origin)?.host !== hostOf(request)) return false;
  return form === undefined || form.get("csrf") === session.csrf;
}

function hostOf(request: Request): string {
  return request.headers.get("host") ?? new URL(request.url).host;
}

/** What was sent; an empty form, which nothing believes, for what is none. */
export async function formOf(request: Request): Promise<FormData> {
  try {
    return await request.formData();
  } catch (error) {
    if (error instanceof TypeError) return new FormData();
    throw error;
  }
}

/** Refuses a request that {@linkcode isOwnRequest} does not believe. */
export function notOurs(): Response {
  const text = "This did not come from a page of this site\n";
  return new Response(text, { status: 403, headers: PAGE_HEADERS });
}

/** What every page goes out with: nothing from elsewhere, nothing inline, nothing in a frame. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cache-control": "no-store",
  "referrer-policy": "same-origin", // "no-referrer" would send forms off with a null origin
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};
