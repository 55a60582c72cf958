import type { Address } from "@alknet/core";
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { join } from "node:path";
import { mock } from "node:test";
import { gunzipSync } from "node:zlib";

import type { HttpInfo } from "../http_info.ts";
import { parseRange } from "./byte_range.ts";
import { staticSite, type StaticSiteOptions } from "./static_site.ts";

const NOWHERE: Address = { hostname: "127.0.0.1", port: 1 };
const INFO: Pick<HttpInfo, "remoteAddr"> = { remoteAddr: NOWHERE };

/** A folder with files in and beside it. */
async function folder(): Promise<{ readonly root: string } & AsyncDisposable> {
  const top = await Deno.makeTempDir();
  const root = join(top, "site");
  await Deno.mkdir(join(root, "docs"), { recursive: true });
  await Deno.mkdir(join(root, ".well-known"));
  await Deno.writeTextFile(join(top, "secret"), "secret");
  await Deno.writeTextFile(join(root, "index.html"), "<h1>Home</h1>");
  await Deno.writeTextFile(join(root, "docs", "index.html"), "<h1>Docs</h1>");
  await Deno.writeTextFile(join(root, "a b.txt"), "0123456789");
  await Deno.writeTextFile(join(root, "big.txt"), "x".repeat(50_000));
  await Deno.writeTextFile(join(root, ".env"), "secret");
  await Deno.writeTextFile(join(root, ".well-known", "security.txt"), "contact");
  await Deno.symlink(join(top, "secret"), join(root, "out"));
  await Deno.symlink(join(root, "index.html"), join(root, "in"));
  return { root, [Symbol.asyncDispose]: () => Deno.remove(top, { recursive: true }) };
}

async function ask(
  options: StaticSiteOptions,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const request = new Request(`https://node.example${path}`, init);
  return await staticSite(options)(request, INFO as HttpInfo);
}

async function textAt(options: StaticSiteOptions, path: string): Promise<string> {
  const response = await ask(options, path);
  return response.ok ? await response.text() : `${response.status}`;
}

Deno.test("files are served with their type, folders by their index", async () => {
  await using site = await folder();
  strictEqual(await textAt(site, "/"), "<h1>Home</h1>");
  strictEqual(await textAt(site, "/docs/"), "<h1>Docs</h1>");
  strictEqual(await textAt(site, "/in"), "<h1>Home</h1>");
  strictEqual(await textAt(site, "/.well-known/security.txt"), "contact");
  const response = await ask(site, "/a%20b.txt");
  strictEqual(response.headers.get("content-type"), "text/plain; charset=utf-8");
  strictEqual(await response.text(), "0123456789");
  const redirect = await ask(site, "//docs?x");
  strictEqual(redirect.headers.get("location"), "/docs/?x");
  strictEqual((await ask(site, "/", { method: "POST" })).status, 405);
});

Deno.test("nothing outside the folder, hidden or absent is served", async () => {
  await using site = await folder();
  const paths = [
    "/../secret",
    "/%2e%2e/secret",
    "/..%2fsecret",
    "/docs/..%2f..%2fsecret",
    "/%2e%2e%5csecret",
    "/out",
    "/.env",
    "/%2eenv",
    "/a%00b",
    "/%ff",
    "/%",
    "/index.html/x",
    "/a b.txt/",
    `/${"x".repeat(5_000)}`,
    "/docs/none",
  ];
  for (const path of paths) strictEqual(await textAt(site, path), "404", path);
});

Deno.test("what an application routes in the browser gets its page", async () => {
  await using site = await folder();
  const options = { ...site, fallback: "index.html" };
  strictEqual(await textAt(options, "/some/route"), "<h1>Home</h1>");
  strictEqual(await textAt({ ...options, prefix: "/app" }, "/app/docs/"), "<h1>Docs</h1>");
});

Deno.test("ranges are served, and only from the version they are meant for", async () => {
  await using site = await folder();
  const part = async (
    headers: Record<string, string>,
  ): Promise<[number, string, string | null]> => {
    const response = await ask(site, "/a%20b.txt", { headers });
    return [response.status, await response.text(), response.headers.get("content-range")];
  };
  deepStrictEqual(await part({ range: "bytes=2-4" }), [206, "234", "bytes 2-4/10"]);
  deepStrictEqual(await part({ range: "bytes=8-" }), [206, "89", "bytes 8-9/10"]);
  deepStrictEqual(await part({ range: "bytes=-3" }), [206, "789", "bytes 7-9/10"]);
  deepStrictEqual(await part({ range: "bytes=10-" }), [416, "", "bytes */10"]);
  deepStrictEqual(await part({ range: "bytes=0-1,3-4" }), [200, "0123456789", null]);
  deepStrictEqual(await part({ range: "bytes=1-2", "if-range": '"old"' }), [
    200,
    "0123456789",
    null,
  ]);
  const etag = (await ask(site, "/a%20b.txt", { method: "HEAD" })).headers.get("etag") ?? "";
  deepStrictEqual(await part({ range: "bytes=1-2", "if-range": etag }), [
    206,
    "12",
    "bytes 1-2/10",
  ]);
});

Deno.test("a client that has a file is told so", async () => {
  await using site = await folder();
  const first = await ask(site, "/");
  await first.body?.cancel();
  const etag = first.headers.get("etag") ?? "";
  const modified = first.headers.get("last-modified") ?? "";
  const status = async (headers: Record<string, string>): Promise<number> => {
    const response = await ask(site, "/", { headers });
    await response.body?.cancel();
    return response.status;
  };
  strictEqual(await status({ "if-none-match": `"other", W/${etag}` }), 304);
  strictEqual(await status({ "if-none-match": '"other"' }), 200);
  strictEqual(await status({ "if-modified-since": modified }), 304);
  strictEqual(await status({ "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT" }), 200);
});

Deno.test("text is compressed for who takes it, from a stored file where there is one", async () => {
  await using site = await folder();
  const headers = { "accept-encoding": "gzip, br;q=0" };
  const made = await ask(site, "/big.txt", { headers });
  strictEqual(made.headers.get("content-encoding"), "gzip");
  match(made.headers.get("etag") ?? "", /^W\//);
  strictEqual(gunzipSync(await made.bytes()).length, 50_000);
  strictEqual((await textAt(site, "/big.txt")).length, 50_000);

  await Deno.writeTextFile(join(site.root, "big.txt.gz"), "stored");
  const kept = await ask(site, "/big.txt", { headers });
  strictEqual(kept.headers.get("content-encoding"), "gzip");
  strictEqual(kept.headers.get("content-type"), "text/plain; charset=utf-8");
  strictEqual(await kept.text(), "stored");
});

Deno.test("no link leads out of the folder, beside a file or in place of one neither", async () => {
  // The check of links was made for the file asked for only: a link "page.txt.gz" beside it, or as
  // the fallback, showed any file that the node can read.
  await using site = await folder();
  const secret = join(site.root, "..", "secret");
  for (const ending of [".gz", ".br", ".zst"]) {
    await Deno.symlink(secret, join(site.root, `big.txt${ending}`));
  }
  await Deno.utime(secret, 4_000_000_000, 4_000_000_000);
  const headers = { "accept-encoding": "gzip, br, zstd" };
  const big = await ask(site, "/big.txt", { headers });
  strictEqual(big.headers.get("content-encoding"), "gzip");
  strictEqual(gunzipSync(await big.bytes()).length, 50_000);
  await Deno.symlink(join(site.root, "a b.txt"), join(site.root, "docs", "index.html.gz"));
  const within = await ask(site, "/docs/", { headers });
  strictEqual(await within.text(), "0123456789");
  strictEqual(await textAt({ ...site, fallback: "out" }, "/none"), "404");
  strictEqual(await textAt({ ...site, fallback: "in" }, "/none"), "<h1>Home</h1>");
});

Deno.test("a file that cannot be read is a 404, and none of it a 200 that breaks off", async () => {
  // It was opened when its head, with 200 and its length, had been sent.
  await using site = await folder();
  const refuse = () => Promise.reject(new Deno.errors.PermissionDenied());
  const open = mock.method(Deno, "open", refuse); // root, who runs tests in CI, may read all files
  try {
    for (const method of ["GET", "HEAD"]) {
      strictEqual((await ask(site, "/big.txt", { method })).status, 404, method);
    }
  } finally {
    open.mock.restore();
  }
});

Deno.test("a file is closed when nobody reads it to its end", async () => {
  await using site = await folder(); // and the test's sanitizer finds what is left open
  for (
    const [name, value] of [["x", "y"], ["range", "bytes=5-"], ["accept-encoding", "gzip"]] as const
  ) {
    const response = await ask(site, "/big.txt", { headers: { [name]: value } });
    await response.body?.cancel();
  }
  await ask(site, "/big.txt", { method: "HEAD" });
  await ask(site, "/big.txt", { headers: { range: "bytes=50000-" } });
});

Deno.test("whatever a Range field says, what is served lies within the file", () => {
  const field = fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,4}-\d{0,4}$/));
  fc.assert(fc.property(field, fc.nat({ max: 300 }), (text, size) => {
    const range = parseRange(text, size);
    if (typeof range === "string") return;
    ok(range.first >= 0 && range.first <= range.last && range.last < size);
  }));
});
