import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  createMcpHandler,
  type McpHttpHandler,
  Server,
  type Tool,
} from "@modelcontextprotocol/server";
import { AdapterError, Capabilities, type Operation } from "@alknet/operations";

import type { ImportedOperations } from "../imported_operations.ts";
import { callIn, failureOfCall, registryOf } from "../testdata/support.ts";
import { type McpOptions, operationsFromMcp } from "./operations_from_mcp.ts";
import type { McpProgress } from "./tool_operation.ts";

const TOOLS: Tool[] = [
  {
    name: "add",
    description: "Adds",
    annotations: { readOnlyHint: true },
    inputSchema: {
      type: "object",
      properties: { a: { $ref: "#/$defs/number" }, b: { $ref: "#/$defs/number" } },
      required: ["a", "b"],
      $defs: { number: { type: "number" } },
    },
    outputSchema: { type: "object", properties: { sum: { type: "number" } }, required: ["sum"] },
  },
  { name: "say hello", inputSchema: { type: "object" } },
  { name: "fail", inputSchema: { type: "object" } },
  { name: "refuse", inputSchema: { type: "object" } },
  { name: "hang", inputSchema: { type: "object" } },
  { name: "steps", inputSchema: { type: "object" } },
  { name: "picture", inputSchema: { type: "object" } },
];

interface McpService extends AsyncDisposable {
  readonly url: URL;
  readonly handler: McpHttpHandler;
  readonly tools: Tool[];
  readonly hanging: PromiseWithResolvers<void>;
  readonly cancelled: PromiseWithResolvers<void>;
  readonly authorizations: (string | null)[];
}

/** A real MCP server on loopback. */
function startMcp(
  { token, legacy = false, port = 0 }: { token?: string; legacy?: boolean; port?: number } = {},
): McpService {
  const tools = [...TOOLS];
  const hanging = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  const authorizations: (string | null)[] = [];
  const handler = createMcpHandler(() => makeServer({ tools, hanging, cancelled }), {});
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    async (request) => {
      const authorization = request.headers.get("authorization");
      authorizations.push(authorization);
      if (token !== undefined && authorization !== `Bearer ${token}`) {
        return new Response(null, { status: 401 });
      }
      const text = await request.text();
      // A server of before 2026 does not know how newer clients begin.
      if (legacy && text.includes("server/discover")) return new Response(null, { status: 400 });
      const { method, url, headers, signal } = request;
      const body = method === "POST" ? text : undefined;
      return await handler.fetch(
        new Request(url, { method, headers, signal, ...(body === undefined ? {} : { body }) }),
      );
    },
  );
  return {
    url: new URL(`http://127.0.0.1:${server.addr.port}/mcp`),
    handler,
    tools,
    hanging,
    cancelled,
    authorizations,
    [Symbol.asyncDispose]: async () => {
      await handler.close();
      await server.shutdown();
    },
  };
}

interface Parts {
  readonly tools: Tool[];
  readonly hanging: PromiseWithResolvers<void>;
  readonly cancelled: PromiseWithResolvers<void>;
}

function makeServer({ tools, hanging, cancelled }: Parts): Server {
  const capabilities = { tools: { listChanged: true }, resources: {}, prompts: {} };
  const server = new Server({ name: "test", version: "1" }, { capabilities });
  server.setRequestHandler("tools/list", () => ({ tools }));
  server.setRequestHandler("resources/list", () => ({ resources: [{ uri: "a:b", name: "b" }] }));
  server.setRequestHandler("resources/read", ({ params }) => ({
    contents: [{ uri: params.uri, text: "content" }],
  }));
  server.setRequestHandler("prompts/list", () => ({ prompts: [{ name: "p" }] }));
  server.setRequestHandler("prompts/get", ({ params }) => ({
    messages: [{ role: "user", content: { type: "text", text: `${params.arguments?.x}` } }],
  }));
  server.setRequestHandler("tools/call", async ({ params }, ctx) => {
    const { a, b } = params.arguments ?? {};
    switch (params.name) {
      case "add":
        return { content: [], structuredContent: { sum: Number(a) + Number(b) } };
      case "say hello":
        return { content: [{ type: "text", text: "hello" }] };
      case "fail":
        return { content: [{ type: "text", text: "disk full" }], isError: true };
      case "picture":
        return {
          content: [
            { type: "text", text: "a dot" },
            { type: "image", data: "AA==", mimeType: "image/png" },
          ],
        };
      case "hang":
        hanging.resolve();
        await new Promise((resolve) => ctx.mcpReq.signal.addEventListener("abort", resolve));
        cancelled.resolve();
        return { content: [] };
      case "steps": {
        const progressToken = ctx.mcpReq._meta?.progressToken ?? 0;
        const params = { progressToken, progress: 1, total: 2, message: "half" };
        await ctx.mcpReq.notify({ method: "notifications/progress", params });
        return { content: [{ type: "text", text: "done" }] };
      }
      default:
        throw new Error("no such tool");
    }
  });
  return server;
}

async function importedFrom(service: McpService, options: Partial<McpOptions> = {}) {
  return await operationsFromMcp(service.url, { namespace: "m", ...options });
}

Deno.test("tools, resources and prompts of an MCP server are operations", async () => {
  await using service = startMcp();
  await using server = await importedFrom(service);
  deepStrictEqual(server.skipped, []);
  deepStrictEqual(
    server.operations.map(({ spec }: Operation) => [spec.name, spec.type]),
    [
      ["m/resources/list", "query"],
      ["m/resources/read", "query"],
      ["m/prompts/list", "query"],
      ["m/prompts/get", "query"],
      ["m/add", "query"],
      ["m/say_hello", "mutation"],
      ["m/fail", "mutation"],
      ["m/refuse", "mutation"],
      ["m/hang", "mutation"],
      ["m/steps", "mutation"],
      ["m/picture", "mutation"],
    ],
  );
  const registry = registryOf(server.operations);
  deepStrictEqual(await callIn(registry, "m/resources/list"), [{ uri: "a:b", name: "b" }]);
  deepStrictEqual(await callIn(registry, "m/resources/read", { uri: "a:c" }), [
    { uri: "a:c", text: "content" },
  ]);
  deepStrictEqual(await callIn(registry, "m/prompts/get", { name: "p", arguments: { x: "1" } }), [
    { role: "user", content: { type: "text", text: "1" } },
  ]);
});

for (const legacy of [false, true]) {
  const era = legacy ? "from before 2026" : "of 2026";
  Deno.test(`outputs of a server ${era} are structured, text, or blocks of content`, async () => {
    await using service = startMcp({ legacy });
    await using server = await importedFrom(service);
    const registry = registryOf(server.operations);
    deepStrictEqual(await callIn(registry, "m/add", { a: 1, b: 2 }), { sum: 3 });
    strictEqual(await callIn(registry, "m/say_hello"), "hello");
    deepStrictEqual(await callIn(registry, "m/picture"), [
      { type: "text", text: "a dot" },
      { type: "image", data: "AA==", mimeType: "image/png" },
    ]);
  });

  Deno.test(`a caller that gives up cancels the tool of a server ${era}`, async () => {
    await using service = startMcp({ legacy });
    await using server = await importedFrom(service);
    const stop = new AbortController();
    const registry = registryOf(server.operations);
    const call = failureOfCall(callIn(registry, "m/hang", {}, { signal: stop.signal }));
    await service.hanging.promise;
    stop.abort();
    strictEqual((await call).code, "ABORTED");
    if (!legacy) await service.cancelled.promise;
  });
}

Deno.test("a tool that fails, a server that refuses and a wrong input have codes", async () => {
  await using service = startMcp();
  await using server = await importedFrom(service);
  const registry = registryOf(server.operations);
  const failed = await failureOfCall(callIn(registry, "m/fail"));
  deepStrictEqual([failed.code, failed.details], [
    "MCP_TOOL_FAILED",
    { content: [{ type: "text", text: "disk full" }] },
  ]);
  strictEqual((await failureOfCall(callIn(registry, "m/refuse"))).code, "MCP_REFUSED");
  const wrong = await failureOfCall(callIn(registry, "m/add", { a: "1", b: 2 }));
  strictEqual(wrong.code, "INVALID_INPUT");
});

Deno.test("progress of a tool is told", async () => {
  await using service = startMcp();
  const reports: McpProgress[] = [];
  await using server = await importedFrom(service, { onProgress: (each) => reports.push(each) });
  strictEqual(await callIn(registryOf(server.operations), "m/steps"), "done");
  deepStrictEqual(
    reports.map(({ operation, progress, total, message }) => [operation, progress, total, message]),
    [
      ["m/steps", 1, 2, "half"],
    ],
  );
});

Deno.test("a server that changes its tools is asked again", async () => {
  await using service = startMcp();
  const changed = Promise.withResolvers<ImportedOperations | Error>();
  await using _server = await importedFrom(service, { onChange: changed.resolve });
  service.tools.push({ name: "new", inputSchema: { type: "object" } });
  await service.handler.notify.toolsChanged();
  const change = await changed.promise;
  ok(!(change instanceof Error), String(change));
  ok(change.operations.some(({ spec }) => spec.name === "m/new"));
});

Deno.test("the token comes from the capabilities, and a server that wants one says so", async () => {
  await using service = startMcp({ token: "s3cret" });
  const refused = await importedFrom(service).catch((error) => error);
  ok(refused instanceof AdapterError);
  strictEqual(refused.kind, "unauthorized");
  const capabilities = new Capabilities({ m: "s3cret" });
  await using server = await importedFrom(service, { capabilities });
  strictEqual(await callIn(registryOf(server.operations), "m/say_hello"), "hello");
});

Deno.test("a server that goes and comes back is reached again", async () => {
  const first = startMcp();
  await using server = await importedFrom(first);
  const registry = registryOf(server.operations);
  strictEqual(await callIn(registry, "m/say_hello"), "hello");
  const port = Number(first.url.port);
  await first[Symbol.asyncDispose]();
  const gone = await failureOfCall(callIn(registry, "m/say_hello"));
  deepStrictEqual([gone.code, gone.retryable], ["MCP_UNREACHABLE", true]);
  await using _second = startMcp({ port });
  strictEqual(await callIn(registry, "m/say_hello"), "hello");
});

Deno.test("what is no MCP server, or is not there, is told as an AdapterError", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("hello"),
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const kind = async (): Promise<string> => {
    const error = await operationsFromMcp(url, { namespace: "m" }).catch((reason) => reason);
    ok(error instanceof AdapterError, String(error));
    return error.kind;
  };
  strictEqual(await kind(), "discovery-failed");
  await server.shutdown();
  strictEqual(await kind(), "transport");
});
