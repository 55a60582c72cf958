/** Which foreign pages may read answers. */
export class Cors {
  readonly #origins: ReadonlySet<string>;

  /** Takes origins such as `https://app.example`. */
  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** Whether a page of an origin may ask. */
  allows(origin: string | null): origin is string {
    return origin !== null && this.#origins.has(origin);
  }

  /** Answers what browsers ask before they ask; undefined for everybody else. */
  preflight({ headers }: Request, methods: readonly string[]): Response | undefined {
    const origin = headers.get("origin");
    if (!this.allows(origin) || !headers.has("access-control-request-method")) return undefined;
    const response = new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-methods": methods.join(", "),
        "access-control-allow-headers": ALLOWED_HEADERS,
        "access-control-max-age": "600",
      },
    });
    this.dress(response, origin);
    return response;
  }

  /** Lets a page of an allowed origin read an answer. */
  dress({ headers }: Response, origin: string | null): void {
    if (this.#origins.size > 0) headers.append("vary", "origin");
    if (!this.allows(origin)) return;
    headers.set("access-control-allow-origin", origin);
    headers.set("access-control-expose-headers", EXPOSED_HEADERS);
  }
}

const ALLOWED_HEADERS = [
  "authorization",
  "content-type",
  "idempotency-key",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "x-timeout-ms",
].join(", ");

const EXPOSED_HEADERS = "idempotency-replayed, retry-after, www-authenticate, x-request-id";
