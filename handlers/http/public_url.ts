/** `uri-host [ ":" port ]` of RFC 9110 section 7.2, without the exotic characters of reg-name. */
const HOST = /^(?:[\w.~%-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** What stands for the client's own idea of where it is. */
export interface UrlContext {
  /** Port of the internal server, whose name must not show. */
  readonly internalPort: number;
  /** The name the client asked for in TLS. */
  readonly serverName?: string;
}

/**
 * The URL as the client meant it: the internal server sees plain `http:`, and takes a `Host`
 * header as it comes, even where it changes the path (`Host: a/admin?`).
 *
 * @returns Undefined for a request that RFC 9112 section 3.2 answers with 400.
 */
export function publicUrl(
  { url, headers }: Pick<Request, "url" | "headers">,
  { internalPort, serverName = "localhost" }: UrlContext,
): string | undefined {
  const host = headers.get("host");
  if (host && !HOST.test(host)) return undefined;
  const [, rest] = /^https?:\/\/(.+)$/s.exec(url) ?? [];
  if (rest === undefined) return undefined;
  const internal = `localhost:${internalPort}`;
  const named = host || !startsWithAuthority(rest, internal)
    ? rest
    : serverName + rest.slice(internal.length);
  const result = `https://${named}`;
  return URL.canParse(result) ? result : undefined;
}

function startsWithAuthority(rest: string, authority: string): boolean {
  return rest === authority || rest.startsWith(`${authority}/`);
}
