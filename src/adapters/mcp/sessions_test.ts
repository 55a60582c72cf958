import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Server, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";

import type { ImportedOperations } from "../imported_operations.ts";
import { callIn, registryOf } from "../testdata/support.ts";
import { operationsFromMcp } from "./operations_from_mcp.ts";

interface Sessions extends AsyncDisposable {
  readonly url: URL;
  readonly calls: string[];
  readonly tools: string[];
  /** What a restart does to sessions. */
  forget(): Promise<void>;
}

/** A server of the revisions before 2026, which keep sessions. */
function startWithSessions(): Sessions {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const calls: string[] = [];
  const tools = ["a"];
  const open = async (): Promise<WebStandardStreamableHTTPServerTransport> => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    const server = new Server({ name: "old", version: "1" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", () => ({
      tools: tools.map((name) => ({ name, inputSchema: { type: "object" as const } })),
    }));
    server.setRequestHandler("tools/call", ({ params }) => {
      calls.push(params.name);
      return { content: [{ type: "text", text: "done" }] };
    });
    await server.connect(transport);
    return transport;
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (raw) => {
    const text = await raw.text();
    if (text.includes("server/discover")) return new Response(null, { status: 400 });
    const id = raw.headers.get("mcp-session-id");
    const transport = id === null ? await open() : sessions.get(id);
    if (!transport) return new Response(null, { status: 404 });
    const { method, url, headers, signal } = raw;
    const body = method === "POST" ? { body: text } : {};
    return await transport.handleRequest(new Request(url, { method, headers, signal, ...body }));
  });
  const forget = async (): Promise<void> => {
    await Promise.all([...sessions.values()].map((transport) => transport.close()));
    sessions.clear();
  };
  return {
    url: new URL(`http://127.0.0.1:${server.addr.port}/mcp`),
    calls,
    tools,
    forget,
    [Symbol.asyncDispose]: async () => {
      await forget();
      await server.shutdown();
    },
  };
}

Deno.test("a server that has forgotten the session is called in a new one, once", async () => {
  await using service = startWithSessions();
  const changed = Promise.withResolvers<ImportedOperations | Error>();
  const options = { namespace: "m", onChange: changed.resolve };
  await using server = await operationsFromMcp(service.url, options);
  const registry = registryOf(server.operations);
  strictEqual(await callIn(registry, "m/a"), "done");
  await service.forget();
  service.tools.push("b");
  strictEqual(await callIn(registry, "m/a"), "done");
  deepStrictEqual(service.calls, ["a", "a"]);
  const change = await changed.promise; // what it has may be something else after a restart
  ok(!(change instanceof Error), String(change));
  deepStrictEqual(change.operations.map(({ spec }) => spec.name), ["m/a", "m/b"]);
});
