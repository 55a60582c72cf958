/**
 * Operations of other kinds of services as operations of ours, and ours described for them.
 *
 * In: `operationsFromOpenApi` (`openapi/`) and `operationsFromMcp` (`mcp/`) read what a service says
 * of itself and make operations that forward to it; `operationsFromJsonSchema` does so for services
 * that say nothing. All requests over HTTP go through `http/`. Out: `openApiDocument` and `mcpTools`
 * describe a registry's operations; serving them is the business of others.
 *
 * ```ts
 * import { operationsFromOpenApi } from "@alknet/adapters";
 * import { Capabilities, OperationRegistry } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * const document = `
 * openapi: 3.0.3
 * info: { title: Weather, version: "1" }
 * paths:
 *   /now:
 *     get: { operationId: now, responses: { "200": { description: ok } } }
 * `;
 * const { operations } = await operationsFromOpenApi(document, {
 *   namespace: "weather",
 *   baseUrl: "https://weather.example",
 * });
 * const registry = new OperationRegistry();
 * const capabilities = new Capabilities({ weather: "the service's token" });
 * registry.registerLayer("openapi:weather", operations, { capabilities });
 * strictEqual(registry.kindOf("weather/now"), "query");
 * ```
 *
 * @module
 */
export type { Fetch } from "./http/exchange.ts";
export type { HttpAuth } from "./http/http_auth.ts";
export { HttpCode } from "./http/http_errors.ts";
export type { HttpOptions } from "./http/http_handler.ts";
export type { ImportedOperations, SkippedOperation } from "./imported_operations.ts";
export { httpEndpoint, type HttpEndpointOptions } from "./json_schema/http_endpoint.ts";
export {
  type ForeignHandler,
  type JsonSchemaOperation,
  type JsonSchemaOptions,
  operationsFromJsonSchema,
} from "./json_schema/operations_from_json_schema.ts";
export { McpCode } from "./mcp/mcp_errors.ts";
export { type McpImport, type McpOptions, operationsFromMcp } from "./mcp/operations_from_mcp.ts";
export type { McpProgress } from "./mcp/tool_operation.ts";
export { type OpenApiOptions, operationsFromOpenApi } from "./openapi/operations_from_openapi.ts";
export { DEFAULT_DOCUMENT_LIMITS, type DocumentLimits } from "./openapi/read_document.ts";
