import { ConfigIdentities, createToken, hashToken, type Identity } from "@alknet/core";
import { Hono } from "hono";
import { strictEqual } from "node:assert/strict";

import { bearer, type HttpEnv } from "./mod.ts";

const { token, prefix } = createToken();
const identities = new ConfigIdentities({
  peers: [],
  tokens: [{ name: "ci", prefix, hash: hashToken(token), scopes: ["git:read"] }],
});
const app = new Hono<HttpEnv>()
  .get("/any", bearer(), (c) => c.text(c.get("identity")?.id ?? "nobody"))
  .get("/read", bearer({ scope: "git:read:site" }), (c) => c.text("read"))
  .get("/write", bearer({ scope: "git:write" }), (c) => c.text("written"))
  .get("/open", bearer({ optional: true }), (c) => c.text(c.get("identity")?.id ?? "nobody"));

Deno.test("bearer() knows a token's owner and what it may do", async () => {
  strictEqual(await text("/any", `Bearer ${token}`), "200 token:ci");
  strictEqual(await text("/any", `bearer ${token}`), "200 token:ci");
  strictEqual(await text("/read", `Bearer ${token}`), "200 read");
  strictEqual(await text("/write", `Bearer ${token}`), "403 Forbidden\n");
});

Deno.test("bearer() refuses strangers, unless they may pass", async () => {
  strictEqual(await text("/any"), "401 Unauthorized\n");
  strictEqual(await text("/any", "Basic YTpi"), "401 Unauthorized\n");
  strictEqual(await text("/open"), "200 nobody");
});

Deno.test("bearer() refuses a token that nobody has also where tokens are optional", async () => {
  for (const bad of ["Bearer alk_wrong", "Bearer", "Bearer ", "Bearer a b", 'Bearer "x"']) {
    strictEqual(await text("/open", bad), "401 Unauthorized\n", bad);
  }
});

Deno.test("bearer() takes a proven certificate where there is no token", async () => {
  const identity: Identity = { id: "laptop", scopes: ["*"], resources: {} };
  strictEqual(await text("/write", undefined, identity), "200 written");
  strictEqual(await text("/write", "Bearer wrong", identity), "401 Unauthorized\n");
});

Deno.test("bearer() challenges as RFC 6750 says", async () => {
  const none = await ask("/any");
  strictEqual(none.headers.get("www-authenticate"), 'Bearer realm="alknet"');
  const little = await ask("/write", `Bearer ${token}`);
  strictEqual(
    little.headers.get("www-authenticate"),
    'Bearer realm="alknet", error="insufficient_scope", scope="git:write"',
  );
});

async function text(path: string, authorization?: string, identity?: Identity): Promise<string> {
  const response = await ask(path, authorization, identity);
  return `${response.status} ${await response.text()}`;
}

async function ask(path: string, authorization?: string, identity?: Identity): Promise<Response> {
  const headers: HeadersInit = authorization ? { authorization } : {};
  return await app.request(path, { headers }, { identities, auth: { identity } });
}
