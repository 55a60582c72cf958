import mime from "mime";
import { join } from "node:path";

import type { FetchHandler } from "../http_info.ts";
import { type ByteRange, parseRange } from "./byte_range.ts";
import { isNotModified, mayTakeRange, type Version } from "./conditional.ts";
import { acceptedCodings, isCompressible, storedCodings } from "./content_coding.ts";
import { filePath, isAbsent } from "./file_path.ts";

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

interface Found {
  readonly path: string;
  readonly size: number;
  readonly version: Version;
  readonly type: string;
  /** The coding it is stored in. */
  readonly coding?: string;
}

/** Smaller files are sent as they are; larger ones would cost the loop too much. */
const MIN_COMPRESSED_BYTES = 1_024;
const MAX_COMPRESSED_BYTES = 10_485_760;
const READ_BYTES = 65_536;

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
): Promise<Found | "folder" | undefined> {
  const { root, index = "index.html", fallback } = options;
  const file = await filePath(root, path);
  const info = file === undefined ? undefined : await Deno.stat(file);
  if (file !== undefined && info?.isFile && !path.endsWith("/")) return await stored(file, headers);
  if (file !== undefined && info?.isDirectory) {
    if (!path.endsWith("/") && path !== "") return "folder";
    const page = await filePath(root, `${path}/${index}`);
    if (page && (await Deno.stat(page)).isFile) return await stored(page, headers);
  }
  if (fallback === undefined) return undefined;
  return await stored(join(root, fallback), headers);
}

/** The file, or one beside it that holds the same in a coding the client takes. */
async function stored(path: string, headers: Headers): Promise<Found | undefined> {
  const type = typeOf(path);
  const plain = await look(path, type);
  if (!plain) return undefined;
  for (const [coding, ending] of storedCodings(acceptedCodings(headers.get("accept-encoding")))) {
    const found = await look(path + ending, type, coding);
    if (found && found.version.modifiedAt >= plain.version.modifiedAt) return found;
  }
  return plain;
}

async function look(path: string, type: string, coding?: string): Promise<Found | undefined> {
  try {
    const { isFile, size, mtime } = await Deno.stat(path);
    if (!isFile) return undefined;
    const modifiedAt = mtime ?? new Date(0);
    const etag = `"${modifiedAt.getTime().toString(36)}-${size.toString(36)}${coding ?? ""}"`;
    return { path, size, type, coding, version: { etag, modifiedAt } };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function typeOf(path: string): string {
  const type = mime.getType(path) ?? "application/octet-stream";
  return /^text\/|javascript$|json$/.test(type) ? `${type}; charset=utf-8` : type;
}

function respond(
  request: Request,
  found: Found,
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
  if (isNotModified(request.headers, version)) return new Response(null, { status: 304, headers });
  const range = mayTakeRange(request.headers, version)
    ? parseRange(request.headers.get("range"), found.size)
    : "whole";
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${found.size}`);
    return new Response(null, { status: 416, headers });
  }
  return range === "whole"
    ? whole(request, found, headers)
    : part(request, found, { range, headers });
}

function whole(request: Request, found: Found, headers: Headers): Response {
  const { path, size, version } = found;
  const compressed = isWorthCompressing(request, found);
  if (compressed) {
    headers.set("content-encoding", "gzip");
    headers.set("etag", `W/${version.etag}`); // the same in another coding
  } else headers.set("content-length", String(size));
  if (request.method === "HEAD") return new Response(null, { headers });
  const bytes = ReadableStream.from(bytesOf(path, 0, size));
  const body = compressed ? bytes.pipeThrough(new CompressionStream("gzip")) : bytes;
  return new Response(body, { headers });
}

function isWorthCompressing(request: Request, { size, type, coding }: Found): boolean {
  return coding === undefined && size >= MIN_COMPRESSED_BYTES && size <= MAX_COMPRESSED_BYTES &&
    isCompressible(type) && acceptedCodings(request.headers.get("accept-encoding")).has("gzip");
}

function part(
  request: Request,
  { path, size }: Found,
  { range, headers }: { readonly range: ByteRange; readonly headers: Headers },
): Response {
  const length = range.last - range.first + 1;
  headers.set("content-range", `bytes ${range.first}-${range.last}/${size}`);
  headers.set("content-length", String(length));
  if (request.method === "HEAD") return new Response(null, { status: 206, headers });
  const body = ReadableStream.from(bytesOf(path, range.first, length));
  return new Response(body, { status: 206, headers });
}

/** Part of a file; it is closed at the end, and when nobody reads on. */
async function* bytesOf(
  path: string,
  first: number,
  length: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  await file.seek(first, Deno.SeekMode.Start);
  for (let left = length; left > 0;) {
    const buffer = new Uint8Array(Math.min(READ_BYTES, left));
    const count = await file.read(buffer);
    if (count === null) return; // it has become shorter: the length in the head tells
    left -= count;
    yield buffer.subarray(0, count);
  }
}

function redirectToFolder({ pathname, search }: URL): Response {
  // Two slashes in front would name another host.
  const location = `${pathname.replace(/^\/+/, "/")}/${search}`;
  return new Response(null, { status: 308, headers: { location } });
}

function notFound(): Response {
  return new Response("Not found\n", { status: 404 });
}
