import { filePath } from "../sites/file_path.ts";
import type { Decoy } from "./decoy.ts";
import { nginxPage } from "./nginx_pages.ts";

/** Content types by the end of a name: the start of nginx's own list. */
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  htm: "text/html",
  css: "text/css",
  xml: "text/xml",
  gif: "image/gif",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "application/javascript",
  txt: "text/plain",
  png: "image/png",
  svg: "image/svg+xml",
  webp: "image/webp",
  ico: "image/x-icon",
  woff: "font/woff",
  woff2: "font/woff2",
  json: "application/json",
  pdf: "application/pdf",
};

/**
 * A web server with a folder of files on it, as nginx serves one: `index.html` for a directory, 403
 * for a directory without one, 404 for what is not there or hidden by a dot in front, 405 for what
 * is not GET or HEAD. Links are followed only within the folder.
 *
 * @param root The folder.
 * @returns A decoy.
 *
 * @example
 * ```ts
 * import { staticDecoy } from "@alknet/http";
 * import { strictEqual } from "node:assert/strict";
 *
 * const root = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${root}/index.html`, "<h1>Gardening</h1>");
 * const response = await staticDecoy(root)(new Request("https://node.example/"));
 * strictEqual(await response.text(), "<h1>Gardening</h1>");
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export function staticDecoy(root: string): Decoy {
  return async (request) => {
    const { method, url } = request;
    if (method !== "GET" && method !== "HEAD" && method !== "POST") return nginxPage(405, request);
    const path = pathOf(url);
    if (path === undefined) return nginxPage(400, request);
    const found = await find(root, path);
    if (typeof found === "number") return refuse(found, request);
    if (method === "POST") return nginxPage(405, request);
    return await fileResponse(found, request);
  };
}

interface Found {
  readonly path: string;
  readonly info: Deno.FileInfo;
}

/** The path as it stands in the URL, which has resolved `..` already; undefined for a bad one. */
function pathOf(url: string): string | undefined {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname).includes("\0") ? undefined : pathname;
  } catch {
    return undefined; // a percent sign that begins no byte
  }
}

/** The file, or the status nginx answers. */
async function find(root: string, pathname: string): Promise<Found | 301 | 403 | 404> {
  const path = await filePath(root, pathname);
  if (path === undefined) return 404;
  const info = await Deno.stat(path);
  if (!info.isDirectory) return info.isFile && !pathname.endsWith("/") ? { path, info } : 404;
  if (!pathname.endsWith("/")) return 301;
  const index = await find(root, `${pathname}index.html`);
  return index === 404 ? 403 : index;
}

function refuse(status: number, request: Request): Response {
  if (status !== 301) return nginxPage(status, request);
  const { pathname, search } = new URL(request.url);
  return nginxPage(301, request, {
    location: `${new URL(request.url).origin}${pathname}/${search}`,
  });
}

async function fileResponse({ path, info }: Found, request: Request): Promise<Response> {
  const seconds = Math.floor((info.mtime?.getTime() ?? 0) / 1_000);
  const modified = new Date(seconds * 1_000).toUTCString();
  const etag = `"${seconds.toString(16)}-${info.size.toString(16)}"`;
  const headers = { "server": "nginx", "last-modified": modified, etag };
  if (isFresh(request.headers, { etag, seconds })) {
    return new Response(null, { status: 304, headers });
  }
  const name = /\.(\w+)$/.exec(path)?.[1] ?? "";
  const type = TYPES[name.toLowerCase()] ?? "application/octet-stream";
  const length = String(info.size);
  const all = { ...headers, "content-type": type, "content-length": length };
  if (request.method === "HEAD") return new Response(null, { headers: all });
  const file = await Deno.open(path);
  return new Response(file.readable, { headers: all });
}

/** RFC 9110 section 13.2.2: the entity tag counts where there is one, else the time. */
function isFresh(headers: Headers, { etag, seconds }: { etag: string; seconds: number }): boolean {
  const tags = headers.get("if-none-match");
  if (tags !== null) return tags.trim() === "*" || tags.includes(etag);
  const since = Date.parse(headers.get("if-modified-since") ?? "");
  return since === seconds * 1_000;
}
