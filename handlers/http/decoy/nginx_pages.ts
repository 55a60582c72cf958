/** Statuses whose pages are known here, by the words nginx uses. */
const TITLES: Readonly<Record<number, string>> = {
  301: "301 Moved Permanently",
  302: "302 Found",
  400: "400 Bad Request",
  403: "403 Forbidden",
  404: "404 Not Found",
  405: "405 Not Allowed",
  500: "500 Internal Server Error",
};

/** What nginx appends for browsers that would show a page of their own (`msie_padding`). */
const PADDING = "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n".repeat(6);

/**
 * The page nginx shows with a status, byte for byte (`server_tokens off`).
 *
 * @param status One of 301, 302, 400, 403, 404, 405, 500.
 * @param request Who asks: some browsers get a longer page.
 */
export function nginxPage(
  status: number,
  { headers, method }: Pick<Request, "headers" | "method">,
  more: Readonly<Record<string, string>> = {},
): Response {
  const title = TITLES[status] ?? TITLES[404];
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n` +
    `<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
  const padded = status >= 400 && isPadded(headers.get("user-agent") ?? "");
  const body = padded ? page + PADDING : page;
  return new Response(method === "HEAD" ? null : body, {
    status,
    headers: {
      "server": "nginx",
      "content-type": "text/html",
      "content-length": String(body.length),
      ...more,
    },
  });
}

/** As nginx tells browsers apart (ngx_http_process_user_agent). */
function isPadded(agent: string): boolean {
  if (agent.includes("Opera")) return false;
  if (/MSIE .{3}/.test(agent)) return true;
  return !agent.includes("Gecko/") && agent.includes("Chrome/");
}
