import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";

import { ANYONE, operation } from "@alknet/operations";

import { SAMPLES, testWeb } from "../testdata/web.ts";

const HIDDEN = [
  ["GET", "/readyz"],
  ["GET", "/metrics"],
  ["GET", "/search"],
  ["GET", "/schema?name=math/add"],
  ["POST", "/call"],
  ["POST", "/batch"],
  ["GET", "/subscribe?operation=count/up"],
  ["POST", "/op/math/add"],
  ["OPTIONS", "/call"],
  ["DELETE", "/search"],
] as const;

Deno.test("strangers, and callers with a token nobody has, see the decoy at every route", async () => {
  using web = testWeb(SAMPLES, { visible: [], metrics: () => [] });
  const nothing = await shape(await web.ask("/nothing"));
  for (const [method, path] of [...HIDDEN, ["GET", "/healthz"] as const]) {
    for (const token of [undefined, "mallory", "", "ada extra"]) {
      const body = method === "POST" ? { json: { operation: "math/add" } } : {};
      const seen = await shape(await web.ask(path, { method, ...body, token }));
      deepStrictEqual(seen, nothing, `${method} ${path} ${token}`);
    }
  }
});

Deno.test("pages are asked before the decoy, also where a hidden route has their path", async () => {
  const page = (request: Request) =>
    new URL(request.url).pathname === "/search" ? new Response("a page") : undefined;
  using web = testWeb(SAMPLES, { pages: [() => undefined, page] });
  strictEqual(await (await web.ask("/search")).text(), "a page");
  match(await (await web.ask("/search", { token: "ada" })).text(), /operations/);
  strictEqual((await web.ask("/else")).headers.get("server"), "nginx");
});

Deno.test("a visible group tells strangers what they lack", async () => {
  using web = testWeb(SAMPLES, { visible: ["gateway", "metrics"], metrics: () => [] });
  strictEqual((await web.ask("/search")).status, 200);
  const refused = await web.ask("/call", { json: { operation: "door/open" } });
  strictEqual(refused.status, 401);
  strictEqual(refused.headers.get("www-authenticate"), 'Bearer realm="node"');
  const bad = await web.ask("/search", { token: "mallory" });
  strictEqual(bad.status, 401);
  match(bad.headers.get("www-authenticate") ?? "", /error="invalid_token"/);
  strictEqual((await web.ask("/metrics")).status, 401);
  const poor = await web.ask("/metrics", { token: "bob" });
  strictEqual(poor.status, 403);
  match(poor.headers.get("www-authenticate") ?? "", /insufficient_scope", scope="metrics:read"/);
});

Deno.test("the rate of an identity is limited, and of strangers that of their network", async () => {
  using web = testWeb(SAMPLES, {
    visible: ["gateway"],
    limits: {
      ratePerIdentity: 0.001,
      burstPerIdentity: 2,
      ratePerAddress: 0.5,
      burstPerAddress: 1,
    },
  });
  const statuses = async (...asked: Promise<Response>[]): Promise<number[]> =>
    (await Promise.all(asked)).map(({ status }) => status);
  const ada = () => web.ask("/search", { token: "ada" });
  deepStrictEqual(await statuses(ada(), ada(), ada()), [200, 200, 429]);
  strictEqual((await web.ask("/search", { token: "bob" })).status, 200);
  const near = (from: string) => web.ask("/search", { from });
  deepStrictEqual(
    await statuses(near("2001:db8::1"), near("2001:db8::2"), near("2001:db9::1")),
    [200, 429, 200],
  );
  const refused = await near("2001:db8::3");
  match(refused.headers.get("retry-after") ?? "", /^[12]$/);
  strictEqual((await refused.json()).code, "RESOURCE_EXHAUSTED");
});

Deno.test("a caller has so many requests under way and no more, until one ends", async () => {
  const release = Promise.withResolvers<void>();
  const wait = operation({
    name: "wait",
    access: ANYONE,
    handler: async () => {
      await release.promise;
      return "done";
    },
  });
  using web = testWeb([wait], { limits: { maxRequestsPerIdentity: 2 } });
  const ask = () => web.ask("/op/wait", { token: "ada", json: {} });
  const [first, second] = [ask(), ask()];
  strictEqual((await ask()).status, 429);
  release.resolve();
  strictEqual((await first).status, 200);
  strictEqual((await second).status, 200);
  strictEqual((await ask()).status, 200);
});

Deno.test("strangers from one network have so many requests under way and no more", async () => {
  const release = Promise.withResolvers<void>();
  const wait = operation({ name: "wait", access: ANYONE, handler: () => release.promise });
  using web = testWeb([wait], { visible: ["gateway"], limits: { maxRequestsPerAddress: 1 } });
  const first = web.ask("/op/wait", { json: {} });
  strictEqual((await web.ask("/op/wait", { json: {} })).status, 429);
  const other = web.ask("/op/wait", { json: {}, from: "192.0.2.2" });
  release.resolve();
  strictEqual((await first).status, 200);
  strictEqual((await other).status, 200);
});

Deno.test("a subscription holds its place until it ends", async () => {
  using web = testWeb(SAMPLES, { limits: { maxRequestsPerIdentity: 1 } });
  const stream = await web.ask("/subscribe?operation=count/up", { token: "ada" });
  strictEqual((await web.ask("/search", { token: "ada" })).status, 429);
  await stream.body?.cancel();
  strictEqual((await web.ask("/search", { token: "ada" })).status, 200);
});

Deno.test("answers carry security headers and no name but nginx", async () => {
  using web = testWeb(SAMPLES);
  const { headers } = await web.ask("/search", { token: "ada" });
  strictEqual(headers.get("x-content-type-options"), "nosniff");
  strictEqual(headers.get("cache-control"), "no-store");
  match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
  strictEqual(headers.get("server"), "nginx");
  strictEqual(headers.has("access-control-allow-origin"), false);
});

Deno.test("pages of an allowed origin may ask, and no others", async () => {
  using web = testWeb(SAMPLES, { corsOrigins: ["https://app.example"] });
  const preflight = (origin: string) =>
    web.ask("/call", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
  const allowed = await preflight("https://app.example");
  strictEqual(allowed.status, 204);
  strictEqual(allowed.headers.get("access-control-allow-origin"), "https://app.example");
  match(allowed.headers.get("access-control-allow-headers") ?? "", /authorization/);
  strictEqual((await preflight("https://evil.example")).status, 404);
  const read = (origin: string) => web.ask("/search", { token: "ada", headers: { origin } });
  const answer = await read("https://app.example");
  strictEqual(answer.headers.get("access-control-allow-origin"), "https://app.example");
  strictEqual(
    (await read("https://evil.example")).headers.has("access-control-allow-origin"),
    false,
  );
});

Deno.test("another method than the route's is 405, with those it has", async () => {
  using web = testWeb(SAMPLES);
  const response = await web.ask("/call", { token: "ada" });
  strictEqual(response.status, 405);
  strictEqual(response.headers.get("allow"), "POST");
});

Deno.test("the node's state: ready, and metrics for whoever may read them", async () => {
  let ready = false;
  using web = testWeb(SAMPLES, {
    ready: () => ready,
    metrics: () => [{ name: "up", help: "Up", type: "gauge", samples: [{ value: 1 }] }],
  });
  const healthz = await web.ask("/healthz", { token: "mallory" });
  strictEqual(await healthz.text(), "ok\n");
  deepStrictEqual([...healthz.headers], [["content-type", "text/plain"], ["server", "nginx"]]);
  strictEqual((await web.ask("/healthz", { method: "POST" })).status, 404);
  strictEqual((await web.ask("/readyz", { token: "bob" })).status, 503);
  ready = true;
  strictEqual((await web.ask("/readyz", { token: "bob" })).status, 200);
  await web.ask("/search", { token: "bob" });
  const text = await (await web.ask("/metrics", { token: "ada" })).text();
  match(text, /^up 1$/m);
  match(text, /^alknet_http_requests_total\{route="\/search",status="200"\} 1$/m);
  match(text, /^alknet_http_request_seconds_bucket\{route="\/search",le="\+Inf"\} 1$/m);
  ok(text.endsWith("\n"));
});

Deno.test("/openapi.json describes what the caller may call", async () => {
  using web = testWeb(SAMPLES, { openApi: { title: "Node", version: "1" } });
  const paths = async (token: string) => {
    const document = await (await web.ask("/openapi.json", { token })).json();
    strictEqual(document.openapi, "3.1.1");
    return Object.keys(document.paths);
  };
  deepStrictEqual(await paths("bob"), ["/op/count/up", "/op/math/add"]);
  deepStrictEqual(await paths("ada"), ["/op/count/up", "/op/door/open", "/op/math/add"]);
});

async function shape(response: Response): Promise<unknown> {
  return { status: response.status, headers: [...response.headers], body: await response.text() };
}
