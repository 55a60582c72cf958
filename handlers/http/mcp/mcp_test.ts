import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";

import { ANYONE, operation } from "@alknet/operations";

import type { WebAppOptions } from "../mod.ts";
import { type Ask, SAMPLES, type TestWeb, testWeb } from "../testdata/web.ts";

const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** The two eras of the protocol, as a client writes a request in each. */
const ERAS = {
  "2025-11-25": (method: string, params: Record<string, unknown>): Ask => ({
    json: { jsonrpc: "2.0", id: 1, method, params },
    headers: { accept: "application/json, text/event-stream" },
  }),
  "2026-07-28": (method: string, params: Record<string, unknown>): Ask => ({
    json: {
      jsonrpc: "2.0",
      id: 1,
      method,
      params: { ...params, _meta: { ...ENVELOPE, ...(params._meta ?? {}) } },
    },
    headers: {
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof params.name === "string" ? { "mcp-name": params.name } : {}),
    },
  }),
};
type Era = keyof typeof ERAS;

function mcpWeb(options: WebAppOptions = {}): TestWeb {
  return testWeb(SAMPLES, { mcp: { name: "node", version: "1.2.3" }, ...options });
}

// deno-lint-ignore no-explicit-any -- JSON-RPC that the tests look into
type Message = any;

/** Every message of an answer, however it comes. */
async function messages(response: Response): Promise<Message[]> {
  const text = await response.text();
  strictEqual(response.status, 200, text);
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    return [JSON.parse(text)];
  }
  return text.split("\n").filter((line) => line.startsWith("data: "))
    .map((line) => JSON.parse(line.slice(6)));
}

async function ask(
  web: TestWeb,
  era: Era,
  method: string,
  params = {},
  token = "ada",
): Promise<Message> {
  const all = await messages(await web.ask("/mcp", { token, ...ERAS[era](method, params) }));
  return all.at(-1);
}

async function callTool(
  web: TestWeb,
  era: Era,
  name: string,
  args = {},
  token = "ada",
): Promise<Message> {
  return (await ask(web, era, "tools/call", { name, arguments: args }, token)).result;
}

for (const era of Object.keys(ERAS) as Era[]) {
  Deno.test(`a client of MCP ${era} finds and uses the general tools`, async () => {
    using web = mcpWeb();
    const { result } = await ask(web, era, "tools/list");
    deepStrictEqual(result.tools.map(({ name }: { name: string }) => name), [
      "search",
      "schema",
      "call",
      "batch",
    ]);
    const found = await callTool(web, era, "search", { query: "add" }, "bob");
    deepStrictEqual(found.structuredContent.operations, [
      { name: "math/add", type: "query", description: "Adds two numbers" },
    ]);
    deepStrictEqual(JSON.parse(found.content[0].text), found.structuredContent);
    const { structuredContent: spec } = await callTool(web, era, "schema", { name: "math/add" });
    strictEqual(spec.type, "query");
    const added = await callTool(web, era, "call", {
      operation: "math/add",
      input: { a: 1, b: 2 },
    });
    deepStrictEqual(added.structuredContent, { output: 3 });
    const add = (a: unknown) => ({ operation: "math/add", input: { a, b: 1 } });
    const batch = await callTool(web, era, "batch", { calls: [add(1), add({ $ref: "#/0" })] });
    deepStrictEqual(batch.structuredContent.results, [
      { id: "0", output: 2 },
      { id: "1", output: 3 },
    ]);
  });

  Deno.test(`a failed call of MCP ${era} is a result that says so`, async () => {
    using web = mcpWeb();
    const cases: [string, Record<string, unknown>, string][] = [
      ["call", { operation: "door/open" }, "NOT_FOUND"],
      ["call", { operation: "math/add", input: {} }, "INVALID_INPUT"],
      ["call", { operation: 7 }, "INVALID_INPUT"],
      ["call", { operation: "math/add", maxItems: 0 }, "INVALID_INPUT"],
      ["schema", { name: "door/open" }, "NOT_FOUND"],
      ["batch", { calls: {} }, "INVALID_INPUT"],
      ["batch", { calls: [{ id: "a", operation: "x", input: { $ref: "#/z" } }] }, "INVALID_INPUT"],
    ];
    for (const [name, args, code] of cases) {
      const result = await callTool(web, era, name, args, "bob");
      strictEqual(result.isError, true, JSON.stringify(args));
      strictEqual(result.structuredContent.error.code, code, JSON.stringify(args));
    }
    const unknown = await ask(web, era, "tools/call", { name: "nothing", arguments: {} });
    strictEqual(unknown.error.code, -32602);
  });

  Deno.test(`a subscription over MCP ${era} tells each item as progress, and ends`, async () => {
    using web = mcpWeb();
    const args = { operation: "count/up", input: { to: 5 }, maxItems: 3 };
    const params = { name: "call", arguments: args, _meta: { progressToken: "p" } };
    const how = ERAS[era]("tools/call", params);
    const all = await messages(await web.ask("/mcp", { token: "bob", ...how }));
    const progress = all.slice(0, -1).map(({ params: { progress, message } }) => [
      progress,
      message,
    ]);
    deepStrictEqual(progress, [[1, "1"], [2, "2"], [3, "3"]]);
    deepStrictEqual(all.at(-1).result.structuredContent, { items: [1, 2, 3], completed: false });
    const whole = await callTool(web, era, "call", { operation: "count/up", input: { to: 2 } });
    deepStrictEqual(whole.structuredContent, { items: [1, 2], completed: true });
  });

  Deno.test(`a client of MCP ${era} that leaves stops what it asked for`, async () => {
    const started = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const hang = operation({
      name: "hang",
      access: ANYONE,
      handler: (_, { signal }) => {
        signal.addEventListener("abort", () => stopped.resolve());
        started.resolve();
        return new Promise(() => {});
      },
    });
    using web = testWeb([hang], { mcp: {} });
    const leaving = new AbortController();
    const params = { name: "call", arguments: { operation: "hang" } };
    const how = { token: "bob", ...ERAS[era]("tools/call", params), signal: leaving.signal };
    const asked = web.ask("/mcp", how).then((response) => response.body?.cancel())
      .catch(() => {});
    await started.promise;
    leaving.abort();
    await stopped.promise;
    await asked;
  });
}

Deno.test("a client of MCP whose token is withdrawn gets no further", async () => {
  const stopped = Promise.withResolvers<void>();
  const wait = operation({
    name: "wait",
    access: { requiredScopes: ["wait:here"] },
    handler: (_, { signal }) => {
      signal.addEventListener("abort", () => stopped.resolve());
      web.people.remove("ada");
      return new Promise(() => {});
    },
  });
  using web = testWeb([wait], { mcp: {} });
  const result = await callTool(web, "2026-07-28", "call", { operation: "wait" });
  await stopped.promise;
  strictEqual(result.structuredContent.error.code, "ABORTED");
  strictEqual(web.people.listeners, 0);
});

Deno.test("a silent subscription over MCP ends after the time it was given", async () => {
  const silent = operation({
    name: "silent",
    type: "subscription",
    access: ANYONE,
    async *handler(_, { signal }) {
      yield "once";
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  using web = testWeb([silent], { mcp: {} });
  const args = { operation: "silent", listenMs: 30 };
  const { structuredContent } = await callTool(web, "2026-07-28", "call", args);
  deepStrictEqual(structuredContent, { items: ["once"], completed: false });
});

Deno.test("/mcp is hidden from strangers, or tells them where tokens come from", async () => {
  const how = ERAS["2025-11-25"]("tools/list", {});
  using hidden = mcpWeb();
  strictEqual((await hidden.ask("/mcp", how)).headers.get("content-type"), "text/html");
  const wellKnown = "/.well-known/oauth-protected-resource";
  strictEqual((await hidden.ask(wellKnown)).status, 404);
  const authorizationServers = ["https://login.example"];
  using web = mcpWeb({ visible: ["mcp"], mcp: { name: "node", authorizationServers } });
  for (const token of [undefined, "mallory"]) {
    const refused = await web.ask("/mcp", { ...how, token });
    strictEqual(refused.status, 401);
    const challenge = refused.headers.get("www-authenticate") ?? "";
    const url = /resource_metadata="([^"]+)"/.exec(challenge)?.[1];
    strictEqual(url, `https://node.example${wellKnown}/mcp`);
  }
  for (const path of [wellKnown, `${wellKnown}/mcp`]) {
    deepStrictEqual(await (await web.ask(path)).json(), {
      resource: "https://node.example/mcp",
      bearer_methods_supported: ["header"],
      authorization_servers: ["https://login.example"],
      resource_name: "node",
    });
  }
});

// Attack: a page at evil.example makes its name lead to the node and asks as the visitor's browser,
// with the client certificate it has for the node.
Deno.test("/mcp refuses foreign pages and hosts that TLS did not verify", async () => {
  using web = mcpWeb({ corsOrigins: ["https://app.example"] });
  const how = ERAS["2025-11-25"]("tools/list", {});
  const status = async (origin?: string) => {
    const headers = { ...how.headers, ...(origin === undefined ? {} : { origin }) };
    return (await web.ask("/mcp", { token: "ada", ...how, headers })).status;
  };
  strictEqual(await status(), 200);
  strictEqual(await status("https://node.example"), 200);
  strictEqual(await status("https://app.example"), 200);
  strictEqual(await status("https://evil.example"), 403);
  strictEqual(await status("null"), 403);
  strictEqual((await web.ask("/mcp", { token: "ada", ...how, host: "evil.example" })).status, 403);
  strictEqual(
    (await web.ask("/mcp", { token: "ada", ...how, host: "127.0.0.1:4433" })).status,
    200,
  );
});

Deno.test("each operation can be a tool of its own, with schema and annotations", async () => {
  const search = operation({ name: "search", access: ANYONE, handler: () => "not the tool" });
  using web = testWeb([...SAMPLES, search], { mcp: { operationTools: true } });
  const names = async (token: string) => {
    const { result } = await ask(web, "2026-07-28", "tools/list", {}, token);
    return result.tools.slice(4).map(({ name }: { name: string }) => name);
  };
  deepStrictEqual(await names("ada"), ["count-up", "door-open", "math-add"]);
  deepStrictEqual(await names("bob"), ["count-up", "math-add"]);
  const { result } = await ask(web, "2026-07-28", "tools/list");
  const tool = result.tools.at(-1);
  deepStrictEqual(tool.inputSchema.required, ["a", "b"]);
  strictEqual(tool.annotations.readOnlyHint, true);
  const added = await callTool(web, "2026-07-28", "math-add", { a: 2, b: 2 });
  strictEqual(added.content[0].text, "4");
  const counted = await callTool(web, "2026-07-28", "count-up", { to: 2 });
  deepStrictEqual(counted.structuredContent, { items: [1, 2], completed: true });
  const wrong = await callTool(web, "2026-07-28", "math-add", { a: "2" });
  strictEqual(wrong.structuredContent.error.code, "INVALID_INPUT");
  const found = await callTool(web, "2026-07-28", "search");
  strictEqual(found.structuredContent.operations.length, 4);
});

Deno.test("whatever is posted to /mcp, the node says what is wrong with it", async () => {
  using web = mcpWeb({ limits: { maxBodyBytes: 1_000 } });
  const post = (body: string, headers: Record<string, string> = {}) =>
    web.ask("/mcp", {
      token: "ada",
      method: "POST",
      body,
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        ...headers,
      },
    });
  for (const body of ["", "{", "null", "[]", '"x"', '{"jsonrpc":"2.0"}', "[[[[[["]) {
    const { status } = await post(body);
    ok(status >= 400 && status < 500, `${body}: ${status}`);
  }
  strictEqual((await post(`"${"x".repeat(2_000)}"`)).status, 413);
  strictEqual((await post("{}", { "content-encoding": "gzip" })).status, 415);
  strictEqual((await post("{}", { "content-type": "text/plain" })).status, 415);
  match(
    (await web.ask("/mcp", { token: "ada", method: "PUT" })).headers.get("allow") ?? "",
    /POST/,
  );
});
