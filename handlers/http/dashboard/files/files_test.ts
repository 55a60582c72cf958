import { OperationRegistry } from "@alknet/operations";
import { deepStrictEqual, doesNotMatch, match, ok, rejects, strictEqual } from "node:assert/strict";

import type { HttpInfo } from "../../http_info.ts";
import { MapFiles } from "../../testdata/offered_files.ts";
import { People } from "../../testdata/web.ts";
import { type Dashboard, dashboard, type DashboardOptions } from "../dashboard.ts";

const REMOTE = { hostname: "127.0.0.1", port: 1 };
const TEXT = new TextEncoder().encode("0123456789");

/** Somebody who is signed in to a dashboard with files. */
class Visitor {
  readonly files = new MapFiles();
  readonly people = new People();
  readonly #dashboard: Dashboard;
  readonly #cookie: Promise<string>;

  constructor(options: Partial<DashboardOptions> = {}) {
    this.people.add("ada", "sftp:*", "git:read");
    const files = () => Promise.resolve(this.files);
    this.#dashboard = dashboard({ operations: new OperationRegistry(), files, ...options });
    this.#cookie = this.#signIn();
  }

  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { cookie: await this.#cookie, ...init.headers };
    const response = await this.#fetch(path, { ...init, headers });
    ok(response, path);
    return response;
  }

  async text(path: string, init?: RequestInit): Promise<string> {
    return await (await this.ask(path, init)).text();
  }

  async status(path: string, init?: RequestInit): Promise<number> {
    const response = await this.ask(path, init);
    await response.body?.cancel();
    return response.status;
  }

  /** Sends a form as a page of the dashboard does. */
  async post(path: string, fields: Readonly<Record<string, string>> = {}): Promise<Response> {
    const body = new URLSearchParams({ csrf: await this.csrf(), ...fields });
    return await this.ask(path, { method: "POST", body });
  }

  async put(
    query: string,
    body: RequestInit["body"],
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const all = { "x-csrf-token": await this.csrf(), "content-length": "10", ...headers };
    return await this.ask(`/ui/files/upload?${query}`, { method: "PUT", body, headers: all });
  }

  async csrf(): Promise<string> {
    return /name="csrf" value="([^"]+)"/.exec(await this.text("/"))?.[1] ?? "";
  }

  /** Asks without a cookie, or with one of somebody else. */
  stranger(path: string, headers: Record<string, string> = {}): Promise<Response | undefined> {
    return this.#fetch(path, { headers });
  }

  async #signIn(): Promise<string> {
    const response = await this.#fetch(this.#dashboard.link(() => this.people.withId("ada")), {});
    return response?.headers.get("set-cookie")?.split(";")[0] ?? "";
  }

  #fetch(path: string, init: RequestInit): Promise<Response | undefined> {
    const auth = { alpn: "h2", remoteAddr: REMOTE };
    const info: HttpInfo = { ...auth, transport: "tls", auth, identities: this.people };
    return this.#dashboard.fetch(new Request(`https://node.example${path}`, init), info);
  }
}

/** Lets others have a turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Bytes that come as they are pushed. */
function pushed() {
  let push: ReadableStreamDefaultController<Uint8Array> | undefined;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => void (push = controller),
    cancel: () => void (cancelled = true),
  });
  return { body, push: (bytes: Uint8Array) => push?.enqueue(bytes), isCancelled: () => cancelled };
}

Deno.test("without a session there are no files", async () => {
  const visitor = new Visitor();
  for (const page of ["", "/download?path=/a", "/taken?path=/a", "/remove?path=/a"]) {
    strictEqual(await visitor.stranger(`/ui/files${page}`), undefined, page);
  }
});

Deno.test("a folder is shown with names, sizes and times, and nothing in a name is markup", async () => {
  const visitor = new Visitor();
  visitor.files.all.set("/<img src=x onerror=a>", TEXT);
  visitor.files.all.set('/"><script>a', undefined);
  visitor.files.all.set("/two\nlines\u202e\u0007", TEXT);
  visitor.files.nameless.push("caf\ufffd");
  const text = await visitor.text("/ui/files");
  match(text, /&lt;img src=x onerror=a&gt;/);
  match(text, /10 bytes/);
  match(text, /2023-11-14 22:13:20 UTC/);
  match(text, /two\\u\{a\}lines\\u\{202e\}\\u\{7\}/);
  match(text, /caf\ufffd <small class="quiet">\(the name is no text/);
  doesNotMatch(text, /<img|<script>|\u202e|path=\/caf/);
});

Deno.test("a large folder is shown in pages, and a huge one in part", async () => {
  const visitor = new Visitor();
  for (let each = 0; each < 450; each++) visitor.files.all.set(`/file ${each}`, TEXT);
  const last = await visitor.text("/ui/files?page=3");
  match(last, /Page 3 of 3/);
  match(last, />file 449</);
  doesNotMatch(last, />file 399</);
  for (const page of ["9", "-1", "0", "x", "1e9", "NaN"]) {
    match(await visitor.text(`/ui/files?page=${page}`), /Page [13] of 3/, page);
  }
  for (let each = 450; each < 10_001; each++) visitor.files.all.set(`/file ${each}`, TEXT);
  match(await visitor.text("/ui/files"), /There are more than 10,000; the rest is not shown/);
});

Deno.test("where there are no files, a page says how to have some", async () => {
  match(await new Visitor({ files: undefined }).text("/ui/files"), /add <code>&quot;sftp&quot;/);
  const none = new Visitor({ files: () => Promise.resolve(undefined) });
  match(await none.text("/ui/files"), /the scope <code>sftp:read/);
  strictEqual(await none.status("/ui/files/download?path=/a"), 404);
  strictEqual((await none.put("path=/&name=a", TEXT)).status, 404);
});

Deno.test("only a page of the dashboard changes anything", async () => {
  const visitor = new Visitor();
  visitor.files.all.set("/a", TEXT);
  const body = () => new URLSearchParams({ csrf: "guessed", name: "b" });
  for (const page of ["folder", "rename", "remove"]) {
    const path = `/ui/files/${page}?path=/a`;
    strictEqual(await visitor.status(path, { method: "POST", body: body() }), 403, page);
    const csrf = await visitor.csrf();
    const foreign = { method: "POST", body: new URLSearchParams({ csrf, name: "b" }) };
    const site = { "sec-fetch-site": "cross-site" };
    strictEqual(await visitor.status(path, { ...foreign, headers: site }), 403, page);
  }
  const attempts: Record<string, string>[] = [
    { "x-csrf-token": "guessed" },
    { "x-csrf-token": "" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
  ];
  for (const headers of attempts) {
    strictEqual((await visitor.put("path=/&name=b", TEXT, headers)).status, 403);
  }
  deepStrictEqual([...visitor.files.all.keys()], ["/", "/a"]);
  const cross = { headers: { "sec-fetch-site": "cross-site" } };
  strictEqual(await visitor.status("/ui/files/download?path=/a", cross), 403);
});

Deno.test("folders are made, things renamed and deleted, each by a form", async () => {
  const visitor = new Visitor();
  const made = await visitor.post("/ui/files/folder?path=/", { name: " docs " });
  strictEqual(made.headers.get("location"), "/ui/files?path=/");
  const inPlace = await visitor.ask("/ui/files/folder?path=/docs", {
    method: "POST",
    body: new URLSearchParams({ csrf: await visitor.csrf(), name: "<b>" }),
    headers: { "hx-request": "true" },
  });
  strictEqual(inPlace.headers.get("hx-trigger"), "changed");
  match(await inPlace.text(), /Made &lt;b&gt;/);
  match(await visitor.text("/ui/files/rename?path=/docs/<b>"), /value="&lt;b&gt;"/);
  const renamed = await visitor.post("/ui/files/rename?path=/docs/<b>", { name: "c" });
  strictEqual(renamed.headers.get("location"), "/ui/files?path=/docs");
  match(await visitor.text("/ui/files/remove?path=/docs/c"), /Delete the folder <strong>c/);
  strictEqual((await visitor.post("/ui/files/remove?path=/docs/c")).status, 303);
  deepStrictEqual([...visitor.files.all.keys()], ["/", "/docs"]);
});

Deno.test("a name is one name, and a path stays below the root", async () => {
  const visitor = new Visitor();
  visitor.files.all.set("/a", TEXT);
  for (const name of ["", " ", ".", "..", "a/b", "/", "\0", "a\nb", "\u2028", "x".repeat(256)]) {
    strictEqual((await visitor.post("/ui/files/folder?path=/", { name })).status, 400, name);
    strictEqual((await visitor.post("/ui/files/rename?path=/a", { name })).status, 400, name);
    const query = new URLSearchParams({ path: "/", name });
    strictEqual((await visitor.put(`${query}`, TEXT)).status, 400, name);
  }
  deepStrictEqual([...visitor.files.all.keys()], ["/", "/a"]);
  const seen: string[] = [];
  visitor.files.stat = (path) => {
    seen.push(path);
    return MapFiles.prototype.stat.call(visitor.files, "/");
  };
  for (const path of ["/../../etc", "..%2f..%2fetc", "/a/..%2F..%2Fetc/.", "%2e%2e/etc", "etc//"]) {
    await visitor.status(`/ui/files?path=${path}`);
  }
  deepStrictEqual(new Set(seen), new Set(["/etc"]));
});

Deno.test("what cannot be done is said in plain words, with its status", async () => {
  const visitor = new Visitor();
  visitor.files.all.set("/a", TEXT);
  const { faults } = visitor.files;
  const remove = () => visitor.post("/ui/files/remove?path=/a");
  const words = [
    ["denied", 403, /You may not do that here/],
    ["not-empty", 409, /The folder is not empty/],
    ["failed", 500, /has failed/],
  ] as const;
  for (const [fault, status, text] of words) {
    faults.set("remove", fault);
    const response = await remove();
    strictEqual(response.status, status);
    match(await response.text(), text);
  }
  faults.set("write", "quota");
  const upload = await visitor.put("path=/&name=b", TEXT);
  strictEqual(upload.status, 507);
  match(await upload.text(), /your quota is used up/);
  match(await visitor.text("/ui/files?path=/nothing"), /not there, or not any more/);
  faults.set("list", "denied");
  const dropBox = await visitor.text("/ui/files");
  match(dropBox, /You may not see what is in this folder/);
  match(dropBox, /data-upload="\/"/);
  visitor.files.room_ = { readOnly: true, freeBytes: 0 };
  faults.delete("list");
  const readOnly = await visitor.text("/ui/files");
  match(readOnly, /Nothing can be changed here/);
  doesNotMatch(readOnly, /data-upload|>Delete</);
});

Deno.test("a download is saved and never shown, and a range of it is to be had", async () => {
  const visitor = new Visitor();
  const name = 'évil".html';
  visitor.files.all.set(`/${name}`, TEXT);
  const path = `/ui/files/download?path=/${encodeURIComponent(name)}`;
  const response = await visitor.ask(path);
  const header = (key: string) => response.headers.get(key);
  strictEqual(
    header("content-disposition"),
    `attachment; filename="_vil_.html"; filename*=UTF-8''%C3%A9vil%22.html`,
  );
  strictEqual(header("content-type"), "application/octet-stream");
  strictEqual(header("x-content-type-options"), "nosniff");
  match(header("content-security-policy") ?? "", /default-src 'none'; sandbox/);
  strictEqual(header("content-length"), "10");
  strictEqual(await response.text(), "0123456789");

  const part = async (headers: Record<string, string>) => {
    const response = await visitor.ask(path, { headers });
    return [response.status, await response.text()];
  };
  deepStrictEqual(await part({ range: "bytes=2-4" }), [206, "234"]);
  deepStrictEqual(await part({ range: "bytes=-2", "if-range": '"10"' }), [206, "89"]);
  deepStrictEqual(await part({ range: "bytes=2-", "if-range": '"old"' }), [200, "0123456789"]);
  deepStrictEqual(await part({ range: "bytes=10-" }), [416, ""]);
  deepStrictEqual(await part({ "if-none-match": '"10"' }), [304, ""]);
  strictEqual(await visitor.text(path, { method: "HEAD" }), "");
  visitor.files.all.set("/empty", new Uint8Array());
  strictEqual(await visitor.text("/ui/files/download?path=/empty"), "");
  strictEqual(visitor.files.open_, 0);
});

Deno.test("a download that is left, stands still, or is not allowed any more is closed", async () => {
  const visitor = new Visitor({ limits: { stalledMs: 40 } });
  visitor.files.all.set("/large", new Uint8Array(1_000_000));
  const begin = () => visitor.ask("/ui/files/download?path=/large");
  await (await begin()).body?.cancel();
  strictEqual(visitor.files.open_, 0);

  const many = await Promise.all(Array.from({ length: 16 }, begin)); // and nothing is read
  strictEqual(visitor.files.open_, 16);
  strictEqual((await begin()).status, 429);
  while (visitor.files.open_ > 0) await turn();
  await Promise.all(many.map((each) => rejects(each.bytes(), { end: "stalled" })));

  const reader = (await begin()).body?.getReader();
  await reader?.read();
  visitor.people.add("ada", "git:read"); // a scope is gone
  await rejects(async () => await reader?.read(), { end: "not-allowed" });
  strictEqual(visitor.files.open_, 0);
  strictEqual(visitor.people.listeners, 0);
});

Deno.test("an upload is as long as it was announced, or it is none", async () => {
  const visitor = new Visitor({ limits: { maxUploadBytes: 100 } });
  const { files } = visitor;
  strictEqual((await visitor.put("path=/&name=a", TEXT)).status, 201);
  deepStrictEqual(files.all.get("/a"), TEXT);
  const careful = { "if-none-match": "*" };
  strictEqual((await visitor.put("path=/&name=a", TEXT, careful)).status, 409);
  strictEqual((await visitor.put("path=/&name=a", TEXT)).status, 201);
  const refused = async (length: string): Promise<number> =>
    (await visitor.put("path=/&name=b", TEXT, { "content-length": length })).status;
  strictEqual(await refused("11"), 400);
  strictEqual(await refused("9"), 400);
  strictEqual(await refused(""), 411);
  strictEqual(await refused("-1"), 411);
  strictEqual(await refused("101"), 413);
  files.room_ = { readOnly: false, freeBytes: 9 };
  strictEqual(await refused("10"), 507);
  ok(!files.all.has("/b"));
});

Deno.test("an upload that stands still, or is not allowed any more, leaves nothing", async () => {
  const visitor = new Visitor({ limits: { stalledMs: 200 } });
  const still = pushed();
  still.push(TEXT.subarray(0, 5));
  strictEqual((await visitor.put("path=/&name=a", still.body)).status, 408);
  ok(still.isCancelled());

  const upload = pushed();
  const answer = visitor.put("path=/&name=a", upload.body);
  upload.push(TEXT.subarray(0, 5));
  while (visitor.people.listeners === 0) await turn();
  visitor.people.remove("ada");
  strictEqual((await answer).status, 403);
  ok(upload.isCancelled());
  deepStrictEqual([...visitor.files.all.keys()], ["/"]);
  strictEqual(visitor.people.listeners, 0);
});

Deno.test("forms stay bounded where uploads are not", async () => {
  const visitor = new Visitor();
  const name = "x".repeat(2_000_000);
  strictEqual((await visitor.post("/ui/files/folder?path=/", { name })).status, 413);
});
