import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../../../tests/tools/skip.ts";
import type { Decoy } from "./decoy.ts";
import { nginxDecoy } from "./nginx_decoy.ts";
import { redirectDecoy } from "./redirect_decoy.ts";
import { staticDecoy } from "./static_decoy.ts";
import { startNginx } from "../testdata/nginx.ts";

const noNginx = missing("nginx");
const CHROME =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1 S/1";
const AGENTS = ["curl/8", CHROME, "Mozilla/4.0 (compatible; MSIE 6.0; X)", "Opera MSIE 6.0; x", ""];
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "FOO"];

/** Asks both for the same and compares all that a client sees. */
async function compare(
  origin: string,
  decoy: Decoy,
  path: string,
  init: { method?: string; headers?: Record<string, string> } = {},
): Promise<void> {
  const theirs = await fetch(`${origin}${path}`, { ...init, redirect: "manual" });
  const ours = await decoy(new Request(`${origin}${path}`, init));
  deepStrictEqual(await seen(ours), await seen(theirs), `${init.method} ${path}`);
}

/** Status, headers but for those that the server below adds, and body. */
async function seen(response: Response): Promise<unknown> {
  const without = new Set(["date", "connection", "transfer-encoding", "accept-ranges"]);
  const headers = [...response.headers].filter(([name]) => !without.has(name));
  return { status: response.status, headers, body: await response.text() };
}

testOrSkip("nginxDecoy() answers like nginx that has nothing", noNginx, async () => {
  await using nginx = await startNginx("return 404;");
  for (const method of METHODS) {
    for (const path of ["/", "/call", "/a/b?c=d"]) {
      await compare(nginx.origin, nginxDecoy(), path, { method });
    }
  }
  for (const agent of AGENTS) {
    await compare(nginx.origin, nginxDecoy(), "/", { headers: { "user-agent": agent } });
  }
});

testOrSkip("redirectDecoy() answers like nginx that redirects", noNginx, async () => {
  await using nginx = await startNginx("return 302 https://example.com/;");
  for (const method of METHODS) {
    await compare(nginx.origin, redirectDecoy("https://example.com"), "/x", { method });
  }
});

testOrSkip("staticDecoy() answers like nginx with the same folder", noNginx, async () => {
  await using nginx = await startNginx("");
  await Deno.mkdir(`${nginx.root}/sub/empty`, { recursive: true });
  await Deno.writeTextFile(`${nginx.root}/index.html`, "<h1>Gardening</h1>\n");
  await Deno.writeTextFile(`${nginx.root}/sub/a.css`, "a{}\n");
  await Deno.writeTextFile(`${nginx.root}/sub/b.unknown`, "b");
  await Deno.writeTextFile(`${nginx.root}/sub/%41 ü.txt`, "c");
  const decoy = staticDecoy(nginx.root);
  const paths = ["/", "/index.html", "/index.html/", "/sub", "/sub?x=y", "/sub/", "/sub/a.css"];
  const more = ["/sub/b.unknown", "/none", "/sub/empty/", "/sub/%2541%20%C3%BC.txt", "/sub//a.css"];
  for (const method of METHODS) {
    for (const path of [...paths, ...more]) await compare(nginx.origin, decoy, path, { method });
  }
  const whole = await fetch(`${nginx.origin}/sub/a.css`);
  await whole.body?.cancel();
  const etag = whole.headers.get("etag") ?? "";
  const modified = whole.headers.get("last-modified") ?? "";
  const conditions: Record<string, string>[] = [
    { "if-none-match": etag },
    { "if-none-match": '"other"' },
    { "if-modified-since": modified },
    { "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT" },
    { "if-none-match": '"other"', "if-modified-since": modified },
  ];
  for (const headers of conditions) {
    await compare(nginx.origin, decoy, "/sub/a.css", { headers });
  }
});

// Attack: a file outside of the folder by "..", encoded in all ways, or by a link.
Deno.test("staticDecoy() shows nothing outside of its folder", async () => {
  const home = await Deno.makeTempDir();
  await Deno.mkdir(`${home}/site`);
  await Deno.writeTextFile(`${home}/secret.txt`, "swordfish");
  await Deno.mkdir(`${home}/site2`);
  await Deno.writeTextFile(`${home}/site2/secret.txt`, "swordfish");
  await Deno.symlink(`${home}/secret.txt`, `${home}/site/link.txt`);
  await Deno.symlink(home, `${home}/site/up`);
  const decoy = staticDecoy(`${home}/site`);
  const paths = [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e%2fsecret.txt",
    "/..%5csecret.txt",
    "/x/..%2f..%2fsecret.txt",
    "/..%2fsite2/secret.txt",
    "/link.txt",
    "/up/secret.txt",
    "/%00",
    "/secret.txt%00.html",
    "/%ff",
    `/${"a".repeat(5_000)}`,
    "//secret.txt",
    `/${encodeURIComponent(`${home}/secret.txt`)}`,
  ];
  for (const path of paths) {
    const response = await decoy(new Request(`https://node.example${path}`));
    const text = await response.text();
    strictEqual(text.includes("swordfish"), false, path);
    strictEqual(response.status >= 400, true, path);
  }
  await Deno.remove(home, { recursive: true });
});
