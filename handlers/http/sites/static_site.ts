import { join } from "node:path";

import type { FetchHandler } from "../http_info.ts";
import { type ByteRange, parseRange } from "./byte_range.ts";
import { isNotModified, mayTakeRange } from "./conditional.ts";
import { acceptedCodings, isCompressible } from "./content_coding.ts";
import { filePath, isAbsent, pathWithin } from "./file_path.ts";
import { openFile, type ServedFile } from "./served_file.ts";

/** What {@linkcode staticSite} can be told. */
export interface StaticSiteOptions {
  /** The folder; nothing outside it is served, through links neither. */
  readonly root: string;
  /** Path that is taken off before a file is looked for. Default: none. */
  readonly prefix?: string;
  /** Served for a folder. Default: `index.html`. */
  readonly index?: string;
  /** Served, with 200, where there is no file: for applications that route in the browser. */
  readonly fallback?: string;
  /** `Cache-Control` of files. Default: none. */
  readonly cacheControl?: string;
}

/** Smaller files are sent as they are; larger ones would cost the loop too much. */
const MIN_COMPRESSED_BYTES = 1_024;
const MAX_COMPRESSED_BYTES = 10_485_760;

/**
 * Serves files of a folder: ranges, entity tags, files stored compressed (`.br`, `.zst`, `.gz`) and
 * gzip on the way for text. Nothing hidden, no lists of folders.
 *
 * @param options Which folder, and how.
 * @returns Answers `GET` and `HEAD`; 404 for what is not there, 405 for other methods.
 */
export function staticSite(options: StaticSiteOptions): FetchHandler {
  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
    }
    const url = new URL(request.url);
    const path = withoutPrefix(url.pathname, options.prefix ?? "");
    const found = await find(path, request.headers, options);
    if (found === "folder") return redirectToFolder(url);
    return found ? respond(request, found, options) : notFound();
  };
}

function withoutPrefix(pathname: string, prefix: string): string {
  return pathname.startsWith(prefix) ? pathname.slice(prefix.length) : pathname;
}

/** The file for a path; `"folder"` for one whose address lacks its slash. */
async function find(
  path: string,
  headers: Headers,
  options: StaticSiteOptions,
): Promise<ServedFile | "folder" | undefined> {
  const { root, fallback } = options;
  const acceptEncoding = headers.get("accept-encoding");
  const place = await placeOf(path, options);
  if (place?.isFolder) return "folder";
  const found = place && await openFile({ root, path: place.path, acceptEncoding });
  if (found || fallback === undefined) return found;
  const instead = await pathWithin(root, join(root, fallback));
  return instead === undefined
    ? undefined
    : await openFile({ root, path: instead, acceptEncoding });
}

/** Where a path leads: to a file, perhaps the index of a folder, or to a folder by half its name. */
async function placeOf(
  path: string,
  { root, index = "index.html" }: StaticSiteOptions,
): Promise<{ readonly path: string; readonly isFolder: boolean } | undefined> {
  const asked = await filePath(root, path);
  if (asked === undefined) return undefined;
  const slash = path.endsWith("/") || path === "";
  if (!await isFolder(asked)) return slash ? undefined : { path: asked, isFolder: false };
  if (!slash) return { path: asked, isFolder: true };
  const page = await filePath(root, `${path}/${index}`);
  return page === undefined ? undefined : { path: page, isFolder: false };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (isAbsent(error)) return false; // it has just gone
    throw error;
  }
}

function respond(
  request: Request,
  found: ServedFile,
  { cacheControl }: StaticSiteOptions,
): Response {
  const { version, type, coding } = found;
  const headers = new Headers({
    "content-type": type,
    "etag": version.etag,
    "last-modified": version.modifiedAt.toUTCString(),
    "accept-ranges": "bytes",
    "vary": "accept-encoding",
    "x-content-type-options": "nosniff",
  });
  if (coding) headers.set("content-encoding", coding);
  if (cacheControl) headers.set("cache-control", cacheControl);
  if (isNotModified(request.headers, version)) return withoutBody(found, 304, headers);
  const range = mayTakeRange(request.headers, version)
    ? parseRange(request.headers.get("range"), found.size)
    : "whole";
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${found.size}`);
    return withoutBody(found, 416, headers);
  }
  return range === "whole"
    ? whole(request, found, headers)
    : part(request, found, { range, headers });
}

function whole(request: Request, found: ServedFile, headers: Headers): Response {
  const { size, version } = found;
  const compressed = isWorthCompressing(request, found);
  if (compressed) {
    headers.set("content-encoding", "gzip");
    headers.set("etag", `W/${version.etag}`); // the same in another coding
  } else headers.set("content-length", String(size));
  if (request.method === "HEAD") return withoutBody(found, 200, headers);
  const bytes = found.read(0, size);
  const body = compressed ? bytes.pipeThrough(new CompressionStream("gzip")) : bytes;
  return new Response(body, { headers });
}

function isWorthCompressing(request: Request, { size, type, coding }: ServedFile): boolean {
  return coding === undefined && size >= MIN_COMPRESSED_BYTES && size <= MAX_COMPRESSED_BYTES &&
    isCompressible(type) && acceptedCodings(request.headers.get("accept-encoding")).has("gzip");
}

function part(
  request: Request,
  found: ServedFile,
  { range, headers }: { readonly range: ByteRange; readonly headers: Headers },
): Response {
  const length = range.last - range.first + 1;
  headers.set("content-range", `bytes ${range.first}-${range.last}/${found.size}`);
  headers.set("content-length", String(length));
  if (request.method === "HEAD") return withoutBody(found, 206, headers);
  return new Response(found.read(range.first, length), { status: 206, headers });
}

function withoutBody(found: ServedFile, status: number, headers: Headers): Response {
  found[Symbol.dispose]();
  return new Response(null, { status, headers });
}

function redirectToFolder({ pathname, search }: URL): Response {
  // Two slashes in front would name another host.
  const location = `${pathname.replace(/^\/+/, "/")}/${search}`;
  return new Response(null, { status: 308, headers: { location } });
}

function notFound(): Response {
  return new Response("Not found\n", { status: 404 });
}
