import type { Client, Tool } from "@modelcontextprotocol/client";
import {
  type Capabilities,
  NO_CAPABILITIES,
  type Operation,
  OperationDefinitionError,
} from "@alknet/operations";

import type { HttpOptions } from "../http/http_handler.ts";
import type { ImportedOperations, SkippedOperation } from "../imported_operations.ts";
import { httpUrl } from "../http/http_url.ts";
import { Names } from "../names.ts";
import { adapterErrorOf } from "./mcp_errors.ts";
import { McpSession } from "./mcp_session.ts";
import { serverOperations } from "./server_operations.ts";
import { type McpProgress, toolOperation } from "./tool_operation.ts";

/** Settings of {@linkcode operationsFromMcp}. */
export interface McpOptions extends HttpOptions {
  /** What the operations' names begin with. */
  readonly namespace: string;
  /** Where the bearer token is; it is asked for at every request. Default: there is none. */
  readonly capabilities?: Capabilities;
  /** The capability that is the bearer token. Default: the namespace. */
  readonly credential?: string;
  /** Most tools; those beyond are skipped. Default: 1,000. */
  readonly maxTools?: number;
  /** Told of progress of calls that run. Default: nobody is. */
  readonly onProgress?: (progress: McpProgress) => void;
  /**
   * Given the operations anew when the server says that its tools have changed, and after a lost
   * connection; or an {@linkcode AdapterError} when they cannot be had. Default: nobody is.
   */
  readonly onChange?: (change: ImportedOperations | Error) => void;
  /** Gives up connecting when aborted. Default: never. */
  readonly signal?: AbortSignal;
}

/** Operations of an MCP server, and the connection that they use. */
export interface McpImport extends ImportedOperations, AsyncDisposable {
  /**
   * Asks the server for its operations anew.
   *
   * @throws {AdapterError} When it cannot be reached or understood.
   */
  refresh(): Promise<ImportedOperations>;
}

/**
 * Makes an operation of each tool of an MCP server that is reached by streamable HTTP, and four of
 * its resources and prompts, if it has any. Servers of the revision 2026-07-28 and of those before
 * are understood. A lost connection is made anew by the next call.
 *
 * @throws {AdapterError} `discovery-failed`, `transport` or `unauthorized`.
 * @throws {OperationDefinitionError} When the namespace is not allowed in names.
 *
 * @example
 * ```ts
 * import { operationsFromMcp } from "@alknet/adapters";
 * import { createMcpHandler, Server } from "@modelcontextprotocol/server";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const { fetch } = createMcpHandler(() => {
 *   const server = new Server({ name: "tools", version: "1" }, { capabilities: { tools: {} } });
 *   const tools = [{ name: "greet", inputSchema: { type: "object" as const } }];
 *   server.setRequestHandler("tools/list", () => ({ tools }));
 *   return server;
 * });
 * const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
 * await using service = Deno.serve(options, (request) => fetch(request));
 *
 * const url = `http://127.0.0.1:${service.addr.port}/`;
 * await using tools = await operationsFromMcp(url, { namespace: "tools" });
 * deepStrictEqual(tools.operations.map(({ spec }) => spec.name), ["tools/greet"]);
 * ```
 */
export async function operationsFromMcp(
  url: string | URL,
  options: McpOptions,
): Promise<McpImport> {
  const server = httpUrl(url);
  await using started = new AsyncDisposableStack();
  const { namespace, capabilities = NO_CAPABILITIES, credential = namespace } = options;
  const refresh = (): Promise<ImportedOperations> => listed(session, server, options);
  const changes = new Changes(refresh, options.onChange);
  const session: McpSession = started.use(
    new McpSession({
      ...options,
      url: server,
      capabilities,
      credential,
      onChange: () => changes.note(),
    }),
  );
  started.defer(() => changes.stop());
  const abort = (): void => void session[Symbol.asyncDispose]();
  options.signal?.throwIfAborted();
  options.signal?.addEventListener("abort", abort);
  const first = await refresh().finally(() => options.signal?.removeEventListener("abort", abort));
  const all = started.move();
  return { ...first, refresh, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Asks anew after changes: one question at a time, however many changes there are. */
class Changes {
  readonly #ask: () => Promise<ImportedOperations>;
  readonly #tell: McpOptions["onChange"];
  #state: "idle" | "asking" | "asking, to be asked again" | "stopped" = "idle";

  constructor(ask: () => Promise<ImportedOperations>, tell: McpOptions["onChange"]) {
    this.#ask = ask;
    this.#tell = tell;
  }

  /** Something has changed. */
  note(): void {
    if (this.#state === "idle") void this.#run();
    else if (this.#state === "asking") this.#state = "asking, to be asked again";
  }

  /** Nobody is told any more. */
  stop(): void {
    this.#state = "stopped";
  }

  async #run(): Promise<void> {
    this.#state = "asking";
    const answer = await this.#ask().catch((error: Error) => error);
    if (this.#isStopped()) return;
    const again = this.#state !== "asking";
    this.#state = "idle";
    this.#tell?.(answer);
    if (again) this.note();
  }

  /** Asked for by a method, since a wait may have changed what the compiler has seen. */
  #isStopped(): boolean {
    return this.#state === "stopped";
  }
}

const MAX_TOOLS = 1_000;

async function listed(
  session: McpSession,
  url: URL,
  { namespace, maxTools = MAX_TOOLS, onProgress }: McpOptions,
): Promise<ImportedOperations> {
  const { tools, has } = await session.use(inventory).catch((error) => {
    throw adapterErrorOf(error, url);
  });
  const context = { session, names: new Names(namespace), onProgress };
  const operations: Operation[] = serverOperations(namespace, session, has);
  const skipped: SkippedOperation[] = tools.slice(maxTools)
    .map(({ name }) => ({ name, reason: `more than ${maxTools} tools` }));
  for (const tool of tools.slice(0, maxTools)) {
    try {
      operations.push(toolOperation(tool, context));
    } catch (error) {
      if (error instanceof OperationDefinitionError) throw error; // the namespace is not allowed
      skipped.push({ name: tool.name, reason: error instanceof Error ? error.message : "" });
    }
  }
  return { operations, skipped };
}

interface Inventory {
  readonly tools: readonly Tool[];
  has(capability: "resources" | "prompts"): boolean;
}

async function inventory(client: Client): Promise<Inventory> {
  const capabilities = client.getServerCapabilities() ?? {};
  const tools = capabilities.tools
    ? (await client.listTools({}, { cacheMode: "refresh" })).tools
    : [];
  return { tools, has: (capability) => capabilities[capability] !== undefined };
}
