/** What servers take for `.`, `/`, `\` and `;`, written once or several times over. */
const WRITTEN_OUT = /%(?:25)*(2e|2f|5c|3b)/gi;

/** A segment of two dots, by any separator, with or without parameters. */
const TWO_DOTS = /(?:^|[/\\])\.\.(?:[;/\\]|$)/;

/**
 * Whether a path leads up where a server reads more into it than a URL has: `/app/..%2fadmin` lies
 * below `/app` here, and is `/admin` to an nginx.
 */
export function hasWayUp(pathname: string): boolean {
  const read = pathname.replace(
    WRITTEN_OUT,
    (_, code) => String.fromCharCode(parseInt(code, 16)),
  );
  return TWO_DOTS.test(read);
}
