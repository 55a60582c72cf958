import { CallError, Capabilities, type Operation, OperationRegistry } from "@alknet/operations";

/** A service on loopback, and what it was asked. */
export interface Service extends AsyncDisposable {
  readonly url: URL;
  readonly requests: ServiceRequest[];
}

/** A request as the service saw it. */
export interface ServiceRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** Serves on a free port of loopback. */
export function startService(
  answer: (request: ServiceRequest) => Response | Promise<Response>,
): Service {
  const requests: ServiceRequest[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (raw) => {
    const { pathname, search } = new URL(raw.url);
    const { method, headers, signal } = raw;
    const request = { method, headers, target: pathname + search, body: await raw.text(), signal };
    requests.push(request);
    return await answer(request);
  });
  return {
    url: new URL(`http://127.0.0.1:${server.addr.port}/`),
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A registry with operations of one source, and its secrets, that checks outputs too. */
export function registryOf(
  operations: readonly Operation[],
  secrets: Record<string, unknown> = {},
  validateOutput = true,
): OperationRegistry {
  const registry = new OperationRegistry({ validateOutput });
  registry.registerLayer("test", operations, { capabilities: new Capabilities(secrets) });
  return registry;
}

/** Calls as a composing operation would. */
export function callIn(
  registry: OperationRegistry,
  name: string,
  input: unknown = {},
  options: { signal?: AbortSignal; deadlineMs?: number } = {},
): Promise<unknown> {
  return registry.call(name, input, requestOf(options));
}

/** Subscribes as a composing operation would. */
export function subscribeIn(
  registry: OperationRegistry,
  name: string,
  input: unknown = {},
  options: { signal?: AbortSignal } = {},
): AsyncIterable<unknown> {
  return registry.subscribe(name, input, requestOf(options));
}

function requestOf(options: { signal?: AbortSignal; deadlineMs?: number }) {
  return {
    requestId: crypto.randomUUID(),
    signal: new AbortController().signal,
    origin: "internal" as const,
    ...options,
  };
}

/** The error that a call fails with. */
export async function failureOfCall(call: Promise<unknown>): Promise<CallError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
  throw new Error("The call did not fail");
}

/** An OpenAPI document with some paths. */
export function documentOf(
  paths: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return { openapi: "3.1.0", info: { title: "Test", version: "1" }, paths, ...more };
}

/** The response object of an operation that answers JSON. */
export function json(schema: unknown = true): Record<string, unknown> {
  return { description: "ok", content: { "application/json": { schema } } };
}
