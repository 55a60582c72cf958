import { AdapterError } from "@alknet/operations";

/**
 * Checks a URL that a program or an operator gives.
 *
 * @throws {AdapterError} `discovery-failed` unless it is `http:` or `https:`.
 */
export function httpUrl(url: string | URL): URL {
  const parsed = URL.parse(String(url));
  if (parsed && /^https?:$/.test(parsed.protocol) && !parsed.username && !parsed.password) {
    return new URL(parsed);
  }
  throw new AdapterError(
    "discovery-failed",
    "Cannot use the URL: write http:// or https://, without user and password",
  );
}
