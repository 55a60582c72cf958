/**
 * Operations: what the call protocol, the HTTP gateway and MCP all stand on. No wire, no I/O.
 *
 * The way of a call: a transport's `CallRequest` → `operation_registry.ts` (the name) →
 * `admission.ts` (visibility, access, type) → `schema_check.ts` (input) → `run.ts` (deadline,
 * abort) → the handler of an `operation.ts` → `failure.ts` (what the caller is told). A handler that
 * calls others goes through `composition.ts` and the same way again.
 *
 * ```ts
 * import { ANYONE, operation, OperationRegistry } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * const registry = new OperationRegistry();
 * registry.register(operation({ name: "node/ping", access: ANYONE, handler: () => "pong" }));
 * strictEqual(registry.list().length, 1);
 * ```
 *
 * @module
 */
export {
  type AccessControl,
  type AccessRequest,
  ANYONE,
  NOBODY_AT_ALL,
  refusal,
} from "./access.ts";
export * from "./adapter_error.ts";
export * from "./batch.ts";
export { CallCode, CallError, type CallErrorOptions } from "./call_error.ts";
export * from "./capabilities.ts";
export * from "./context.ts";
export type { Overlay } from "./dispatch.ts";
export * from "./errors.ts";
export * from "./forwarded_for.ts";
export { httpStatusOf, UNAUTHENTICATED_STATUS } from "./http_status.ts";
export * from "./imported_operation.ts";
export type { JsonSchema, RawValueOf, SchemaSource, ValueOf } from "./json_schema.ts";
export { mcpToolName, operationOfTool } from "./mcp_tool_name.ts";
export * from "./mcp_tools.ts";
export * from "./openapi_document.ts";
export {
  type ErrorOptions,
  type OnceOptions,
  type Operation,
  operation,
  type OperationHandler,
  type OperationOptions,
  type StreamOptions,
} from "./operation.ts";
export * from "./operation_registry.ts";
export type { ForwardOptions } from "./peers/forward.ts";
export * from "./peers/import_operations.ts";
export * from "./peers/peer_composite_env.ts";
export {
  anyPeer,
  type AnyPeerOptions,
  PEER_POLICIES,
  type PeerPolicy,
  type PeerRef,
  specificPeer,
} from "./peers/peer_ref.ts";
export * from "./peers/reexport.ts";
export { type Ref, ref } from "./ref.ts";
export type { OperationGrants } from "./registration.ts";
export * from "./schema_check.ts";
export * from "./schema_types.ts";
export * from "./scoped_env.ts";
export type { ErrorDefinition, OperationSpec, Visibility } from "./spec.ts";
export * from "./standard_schema.ts";
export {
  DEFAULT_VALUE_LIMITS,
  excess,
  type ExcessOptions,
  type ValueLimits,
} from "./value_limits.ts";
