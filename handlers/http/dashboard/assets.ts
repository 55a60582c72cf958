import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import { createHash } from "node:crypto";

import live from "./assets/live.js" with { type: "text" };
import files from "./assets/files.css" with { type: "text" };
import upload from "./assets/upload.js" with { type: "text" };
import style from "./assets/style.css" with { type: "text" };

interface Asset {
  readonly type: string;
  readonly text: string;
  readonly tag: string;
}

const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ["style.css", asset("text/css; charset=utf-8", style)],
  ["files.css", asset("text/css; charset=utf-8", files)],
  ["live.js", asset("text/javascript; charset=utf-8", live)],
  ["upload.js", asset("text/javascript; charset=utf-8", upload)],
  ["htmx.js", asset("text/javascript; charset=utf-8", htmx)],
]);

function asset(type: string, text: string): Asset {
  return { type, text, tag: createHash("sha256").update(text).digest("hex").slice(0, 16) };
}

/** Where a page finds an asset; the address changes with what is in it. */
export function assetPath(name: string): string {
  return `/ui/assets/${name}?${ASSETS.get(name)?.tag ?? ""}`;
}

/** Answers with an asset; undefined where there is none of the name. */
export function assetResponse(name: string): Response | undefined {
  const found = ASSETS.get(name);
  if (!found) return undefined;
  const headers = {
    "content-type": found.type,
    "cache-control": "private, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
  };
  return new Response(found.text, { headers });
}
