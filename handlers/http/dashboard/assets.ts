import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import { createHash } from "node:crypto";
import xtermFit from "@xterm/addon-fit/lib/addon-fit.mjs" with { type: "text" };
import xtermStyle from "@xterm/xterm/css/xterm.css" with { type: "text" };
import xterm from "@xterm/xterm/lib/xterm.mjs" with { type: "text" };

import live from "./assets/live.js" with { type: "text" };
import files from "./assets/files.css" with { type: "text" };
import upload from "./assets/upload.js" with { type: "text" };
import style from "./assets/style.css" with { type: "text" };
import terminal from "./assets/terminal.js" with { type: "text" };
import terminalLink from "./assets/terminal_link.js" with { type: "text" };
import xtermStyles from "./assets/xterm_styles.js" with { type: "text" };

interface Asset {
  readonly type: string;
  readonly text: string;
  readonly tag: string;
}

const CSS = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";

const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ["style.css", asset(CSS, style)],
  ["files.css", asset(CSS, files)],
  ["live.js", asset(SCRIPT, live)],
  ["upload.js", asset(SCRIPT, upload)],
  ["htmx.js", asset(SCRIPT, htmx)],
  ["terminal.js", asset(SCRIPT, terminal)],
  ["terminal_link.js", asset(SCRIPT, terminalLink)],
  ["xterm.css", asset(CSS, xtermStyle)],
  ["xterm.js", asset(SCRIPT, xterm)],
  ["xterm_fit.js", asset(SCRIPT, xtermFit)],
  ["xterm_styles.js", asset(SCRIPT, xtermStyles)],
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
