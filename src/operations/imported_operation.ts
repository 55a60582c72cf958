import { checkOperation, type Operation, type OperationHandler } from "./operation.ts";
import { schemaCheck } from "./schema_check.ts";
import type { OperationSpec } from "./spec.ts";

const FOREIGN = { foreign: true };

/**
 * An operation that another node, or a service, has and this one forwards to. Its schemas are not
 * trusted (see `SchemaCheckOptions.foreign`), and it is internal whatever the other side says: what
 * callers from the wire shall reach is re-exported by an operation of this node's own.
 *
 * @param spec What the other side says of it.
 * @param handler Forwards a call. Codes of the protocol that it throws are passed on.
 * @throws {OperationDefinitionError} When name, handler or path are against the rules.
 * @throws {SchemaError} For a schema that cannot be used.
 *
 * @example
 * ```ts
 * import { ANYONE, importedOperation, operation } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * const remote = operation({ name: "disk/free", access: ANYONE, handler: () => 1 }).spec;
 * const local = importedOperation(remote, { kind: "once", run: () => 1 });
 * strictEqual(local.spec.visibility, "internal");
 * ```
 */
export function importedOperation(spec: OperationSpec, handler: OperationHandler): Operation {
  return checkOperation({
    spec: { ...spec, visibility: "internal" },
    handler,
    input: schemaCheck(spec.inputSchema, FOREIGN),
    output: schemaCheck(spec.outputSchema, FOREIGN),
    errors: new Map(
      spec.errorSchemas.map(({ code, schema }) => [code, schemaCheck(schema, FOREIGN)]),
    ),
    imported: true,
    forwardsErrors: false,
  });
}
