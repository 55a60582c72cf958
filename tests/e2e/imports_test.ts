/** Operations of HTTP services and MCP servers, offered by a node and called by another one. */
import { createMcpHandler, Server } from "@modelcontextprotocol/server";
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";

import { Machine } from "./support/cli.ts";

const WEATHER = `
openapi: 3.0.3
info: { title: Weather, version: "1" }
servers: [{ url: /api }]
security: [{ key: [] }]
paths:
  /places/{place}:
    get:
      operationId: now
      parameters: [{ name: place, in: path, required: true, schema: { type: string } }]
      responses:
        "200": { description: ok, content: { application/json: { schema: { type: object } } } }
        "404": { description: No such place }
components:
  securitySchemes: { key: { type: apiKey, in: header, name: X-Key } }
`;

/** A weather service, and tools by MCP, on one port of loopback. */
function services(): { url: string } & AsyncDisposable {
  const mcp = createMcpHandler(() => {
    const server = new Server({ name: "tools", version: "1" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", () => ({
      tools: [{ name: "greet", inputSchema: { type: "object" as const } }],
    }));
    server.setRequestHandler("tools/call", ({ params }) => ({
      content: [{ type: "text" as const, text: `Hello ${params.arguments?.who}` }],
    }));
    return server;
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/mcp") return mcp.fetch(request);
    if (pathname === "/openapi.yaml") return new Response(WEATHER);
    if (request.headers.get("x-key") !== "s3cret") return new Response(null, { status: 401 });
    if (pathname !== "/api/places/Oslo") return new Response(null, { status: 404 });
    return Response.json({ place: "Oslo", degrees: -4 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      await mcp.close();
      await server.shutdown();
    },
  };
}

Deno.test("a peer calls an HTTP service and an MCP tool through a node", async () => {
  await using away = services();
  await using head = await Machine.fresh();
  await using peer = await Machine.fresh();
  strictEqual((await head.alknet("init")).code, 0);
  await head.write(
    "alknet.toml",
    `[[openapi]]
     name = "weather"
     url = "${away.url}/openapi.yaml"
     credential = "weather-key"
     scopes = ["weather:read"]
     [[mcp]]
     name = "tools"
     url = "${away.url}/mcp"
     scopes = ["tools:use"]
     [[mcp]]
     name = "gone"
     url = "http://127.0.0.1:9/mcp"`,
  );
  strictEqual((await head.alknet("config", "check")).code, 0);
  const put = await head.alknetWith(
    { stdin: "s3cret\n" },
    "credential",
    "put",
    "weather-key",
    "--fd",
    "0",
  );
  strictEqual(put.code, 0, put.err);
  await using _node = await head.serve();
  strictEqual((await peer.alknet("init")).code, 0);
  const invited = await head.alknet("invite", "--scope", "weather:read");
  const joined = await peer.alknet("join", invited.out.trim(), "--name", "b", "--as", "head");
  strictEqual(joined.code, 0, joined.err);

  // "gone" keeps nobody waiting.
  await settled(head);
  const now = await peer.json("call", "head", "weather/now", '{"place":"Oslo"}');
  deepStrictEqual(now, { place: "Oslo", degrees: -4 });
  const nowhere = await peer.alknet("call", "head", "weather/now", '{"place":"Atlantis"}');
  match(nowhere.err, /HTTP_404/);
  match((await peer.alknet("call", "head", "tools/greet", "{}")).err, /FORBIDDEN|NOT_FOUND/);
  strictEqual(
    await head.json<string>("call", _node.target, "tools/greet", '{"who":"Ada"}'),
    "Hello Ada",
  );
  match((await head.alknet("status")).out, /gone +mcp +failed +0 +Cannot import/);
});

/** Waits until each service is ready or has failed once. */
async function settled(machine: Machine): Promise<void> {
  for (;;) {
    const { services } = await machine.json<{ services: { state: string }[] }>("status");
    if (services.every(({ state }) => state !== "connecting")) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
