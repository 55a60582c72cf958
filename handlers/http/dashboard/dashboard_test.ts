import { type Identity, NOBODY } from "@alknet/core";
import { ANYONE, operation, OperationRegistry } from "@alknet/operations";
import { doesNotMatch, match, ok, rejects, strictEqual } from "node:assert/strict";

import type { HttpInfo } from "../http_info.ts";
import { type Dashboard, dashboard, type DashboardOptions } from "./dashboard.ts";
import { COOKIE } from "./guard.ts";

/** A dashboard over a collection of things, and somebody who may be revoked. */
class Fixture {
  readonly things: { peerId: string }[] = [{ peerId: "laptop" }, { peerId: "<img src=x>" }];
  readonly dashboard: Dashboard;
  who: Identity | undefined = { id: "ada", scopes: ["things:*"], resources: {} };
  ended = 0;
  readonly #changed = new Set<() => void>();

  constructor(limits: DashboardOptions["limits"] = {}) {
    const operations = new OperationRegistry({ validateOutput: true });
    operations.register(this.#operations());
    this.dashboard = dashboard({ operations, limits });
  }

  /** Signs in; returns the cookie. */
  async cookie(): Promise<string> {
    const response = await this.ask(this.dashboard.link(() => this.who));
    strictEqual(response?.status, 303);
    const cookie = response.headers.get("set-cookie") ?? "";
    match(cookie, /^__Host-node-session=\S+; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
    return cookie.split(";")[0] ?? "";
  }

  /** Makes a request as the HTTP handler would. */
  ask(path: string, init: RequestInit = {}): Promise<Response | undefined> {
    const info: HttpInfo = {
      remoteAddr: { hostname: "127.0.0.1", port: 1 },
      alpn: "h2",
      transport: "tls",
      auth: { alpn: "h2", remoteAddr: { hostname: "127.0.0.1", port: 1 } },
      identities: {
        ...NOBODY,
        onChange: (listener) => {
          this.#changed.add(listener);
          return () => this.#changed.delete(listener);
        },
      },
    };
    return this.dashboard.fetch(new Request(`https://node.example${path}`, init), info);
  }

  /** Takes everything from whoever is signed in. */
  revoke(): void {
    this.who = undefined;
    for (const listener of this.#changed) listener();
  }

  /** A page as text, and the token of its forms. */
  async page(path: string, cookie: string): Promise<{ text: string; csrf: string }> {
    const response = await this.ask(path, { headers: { cookie } });
    const text = await response?.text() ?? "";
    return { text, csrf: /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "" };
  }

  #operations() {
    const list = {
      type: "array",
      items: { type: "object", properties: { peerId: true } },
    } as const;
    const input = {
      type: "object",
      properties: { peerId: { type: "string" } },
      required: ["peerId"],
    } as const;
    const access = { requiredScopes: ["things:write"] };
    return [
      operation({
        name: "things/list",
        type: "query",
        access: { requiredScopes: ["things:read"] },
        output: list,
        handler: () => this.things,
      }),
      operation({
        name: "things/remove",
        access,
        input,
        handler: ({ peerId }) => {
          this.things.splice(this.things.findIndex((each) => each.peerId === peerId), 1);
        },
      }),
      operation({
        name: "secret/read",
        access: { requiredScopes: ["secret:read"] },
        handler: () => 1,
      }),
      operation({
        name: "things/follow",
        type: "subscription",
        access: ANYONE,
        handler: (_input, { signal }) => this.#follow(signal),
      }),
    ];
  }

  async *#follow(signal: AbortSignal): AsyncGenerator<{ n: number }> {
    try {
      yield { n: 1 };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    } finally {
      this.ended++;
    }
  }
}

Deno.test("without a session there is nothing that tells of a dashboard", async () => {
  const fixture = new Fixture();
  const paths = ["/", "/ui/operations", "/ui/assets/style.css", "/login/wrong", "/other"];
  for (const path of [...paths, `/login/${"x".repeat(43)}`]) {
    strictEqual(await fixture.ask(path), undefined, path);
    const forged = { headers: { cookie: `${COOKIE}=${"x".repeat(43)}` } };
    strictEqual(await fixture.ask(path, forged), undefined, path);
  }
});

Deno.test("a link works once, and what it opens is what its owner may call", async () => {
  const fixture = new Fixture();
  const path = fixture.dashboard.link(() => fixture.who);
  strictEqual((await fixture.ask(path))?.status, 303);
  strictEqual(await fixture.ask(path), undefined);

  const { text } = await fixture.page("/ui/operations", await fixture.cookie());
  match(text, /things\/remove/);
  doesNotMatch(text, /secret\/read/);
});

Deno.test("pages load nothing from elsewhere and run nothing that came as data", async () => {
  const fixture = new Fixture();
  const cookie = await fixture.cookie();
  const response = await fixture.ask("/ui/collections/things", { headers: { cookie } });
  match(response?.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  const text = await response?.text() ?? "";
  match(text, /&lt;img src=x&gt;/);
  doesNotMatch(text, /<img|<script(?![^>]* src="\/ui\/assets)|\son[a-z]+=|https?:\/\//);
});

Deno.test("a form of ours changes something; one from elsewhere does not", async () => {
  const fixture = new Fixture();
  const cookie = await fixture.cookie();
  const { csrf } = await fixture.page("/ui/collections/things", cookie);
  const post = async (token: string, headers: Record<string, string> = {}): Promise<number> => {
    const body = new URLSearchParams({ csrf: token, "input.peerId": "laptop" });
    const path = "/ui/operations/things/remove";
    const init = { method: "POST", body, headers: { cookie, ...headers } };
    const response = await fixture.ask(path, init);
    await response?.body?.cancel();
    return response?.status ?? 0;
  };
  strictEqual(await post("guessed"), 403);
  strictEqual(await post(csrf, { "sec-fetch-site": "cross-site" }), 403);
  strictEqual(await post(csrf, { origin: "https://evil.example" }), 403);
  strictEqual(fixture.things.length, 2);
  strictEqual(await post(csrf, { origin: "https://node.example" }), 200);
  strictEqual(fixture.things.length, 1);
});

Deno.test("a revocation ends the session and what it follows", async () => {
  const fixture = new Fixture();
  const cookie = await fixture.cookie();
  const response = await fixture.ask("/ui/stream/things/follow", { headers: { cookie } });
  const reader = response?.body?.pipeThrough(new TextDecoderStream()).getReader();
  ok(reader);
  let text = "";
  while (!text.includes('"n": 1')) text += (await reader.read()).value;
  fixture.revoke();
  for (let read = await reader.read(); !read.done; read = await reader.read()) text += read.value;
  match(text, /event: end/);
  strictEqual(fixture.ended, 1);
  strictEqual(await fixture.ask("/", { headers: { cookie } }), undefined);
});

Deno.test("a browser that leaves ends what it followed", async () => {
  const fixture = new Fixture();
  const cookie = await fixture.cookie();
  const response = await fixture.ask("/ui/stream/things/follow", { headers: { cookie } });
  const reader = response?.body?.getReader();
  await reader?.read();
  await reader?.read();
  await reader?.cancel();
  strictEqual(fixture.ended, 1);
});

Deno.test("a browser that takes nothing loses what it followed", async () => {
  const fixture = new Fixture({ heartbeatMs: 10, stalledMs: 60 });
  const cookie = await fixture.cookie();
  const follow = () => fixture.ask("/ui/stream/things/follow", { headers: { cookie } });
  const followed = await Promise.all(Array.from({ length: 16 }, follow));
  const body = followed[0]?.body;
  ok(body);
  await new Promise((resolve) => setTimeout(resolve, 150)); // and nothing is read
  await rejects(Array.fromAsync(body), { name: "StalledError" });
  const again = await follow(); // its place is free
  strictEqual(again?.status, 200);
  await again?.body?.cancel();
});

Deno.test("a session that is too old ends what it follows", async () => {
  const fixture = new Fixture({ maxAgeMs: 100, heartbeatMs: 10, stalledMs: 60_000 });
  const cookie = await fixture.cookie();
  const followed = await fixture.ask("/ui/stream/things/follow", { headers: { cookie } });
  match(await followed?.text() ?? "", /event: end/);
});

Deno.test("one session follows so much at once and no more", async () => {
  const fixture = new Fixture();
  const cookie = await fixture.cookie();
  const follow = () => fixture.ask("/ui/stream/things/follow", { headers: { cookie } });
  const followed = await Promise.all(Array.from({ length: 16 }, follow));
  strictEqual((await follow())?.status, 429);
  await followed[0]?.body?.cancel();
  const again = await follow();
  strictEqual(again?.status, 200);
  await Promise.all([...followed.slice(1), again].map((response) => response?.body?.cancel()));
});

Deno.test("signing out ends the session", async () => {
  const fixture = new Fixture();
  const cookie = await fixture.cookie();
  const { csrf } = await fixture.page("/", cookie);
  const body = new URLSearchParams({ csrf });
  const response = await fixture.ask("/ui/sign-out", { method: "POST", body, headers: { cookie } });
  strictEqual(response?.status, 303);
  strictEqual(await fixture.ask("/", { headers: { cookie } }), undefined);
});

Deno.test("signing out, and being pushed out, ends what the session follows", async () => {
  // A tab that followed events went on getting them after its owner had signed out elsewhere.
  const fixture = new Fixture();
  const cookie = await fixture.cookie();
  const { csrf } = await fixture.page("/", cookie);
  const followed = await fixture.ask("/ui/stream/things/follow", { headers: { cookie } });
  const body = new URLSearchParams({ csrf });
  await fixture.ask("/ui/sign-out", { method: "POST", body, headers: { cookie } });
  match(await followed?.text() ?? "", /event: end/);

  const second = await fixture.cookie();
  const again = await fixture.ask("/ui/stream/things/follow", { headers: { cookie: second } });
  for (let others = 0; others < 256; others++) await fixture.cookie();
  match(await again?.text() ?? "", /event: end/);
  strictEqual(fixture.ended, 2);
});

Deno.test("whoever gets the name of one who was revoked does not get that one's session", async () => {
  const fixture = new Fixture();
  const cookie = await fixture.cookie();
  const link = fixture.dashboard.link(() => fixture.who);
  const { who } = fixture;
  fixture.who = undefined;
  fixture.dashboard.endRevoked();
  fixture.who = who;
  strictEqual(await fixture.ask("/", { headers: { cookie } }), undefined);
  strictEqual(await fixture.ask(link), undefined);
});

Deno.test("what is no form is refused like one from elsewhere", async () => {
  const fixture = new Fixture();
  const cookie = await fixture.cookie();
  for (const path of ["/ui/sign-out", "/ui/operations/things/remove"]) {
    for (const type of ["application/json", "multipart/form-data; boundary=x"]) {
      const headers = { cookie, "content-type": type };
      const response = await fixture.ask(path, { method: "POST", body: "{}", headers });
      strictEqual(response?.status, 403, `${path} ${type}`);
    }
  }
});

Deno.test("rows that no operation should answer with are shown all the same", async () => {
  const fixture = new Fixture();
  const cookie = await fixture.cookie();
  const rows: unknown[] = [
    { peerId: { toString: 1 } },
    JSON.parse('{"__proto__": {"peerId": 1}, "constructor": null, "peerId": ["a", "b"]}'),
    {},
  ];
  fixture.things.splice(0, 2, ...rows as { peerId: string }[]);
  const { text } = await fixture.page("/ui/collections/things", cookie);
  match(text, /name="input.peerId" value="a\nb"/);
});
