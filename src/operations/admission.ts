import type { OwnershipProvider } from "@alknet/core";

import { resourceRefusal, scopeRefusal } from "./access.ts";
import { CallCode, CallError, notFound } from "./call_error.ts";
import type { CallRequest } from "./context.ts";
import type { Registration } from "./registration.ts";
import { resourceIdAt } from "./resource_id.ts";
import type { SchemaIssue, Verdict } from "./schema_check.ts";

/** A call before it is let in. */
export interface Knock {
  /** As the caller wrote it. */
  readonly name: string;
  /** Not yet checked. */
  readonly input: unknown;
  /** The call. */
  readonly request: CallRequest;
  /** How it is called. */
  readonly kind: "once" | "stream";
  /** Who owns what. */
  readonly ownership: OwnershipProvider | undefined;
}

/**
 * The first half of the dispatch order: exists, visible, allowed, of the right type. Nothing of the
 * operation has run when it refuses.
 *
 * @throws {CallError} NOT_FOUND, FORBIDDEN, INVALID_INPUT or INVALID_OPERATION_TYPE.
 */
export function admit(found: Registration | undefined, knock: Knock): Registration {
  if (!found || isHidden(found, knock.request)) throw notFound(knock.name);
  checkAccess(found, knock);
  if (found.operation.handler.kind !== knock.kind) {
    const { name, type } = found.operation.spec;
    throw new CallError(CallCode.InvalidOperationType, `Operation "${name}" is a ${type}`);
  }
  return found;
}

function isHidden({ operation }: Registration, { origin }: CallRequest): boolean {
  return operation.spec.visibility === "internal" && origin === "wire";
}

function checkAccess({ operation }: Registration, { input, request, ownership }: Knock): void {
  const { accessControl, resourceIdPath } = operation.spec;
  // A composed call carries the composing operation's authority as its identity: the scopes of
  // whoever is at the root do not count, and an operation never vouches for itself.
  const { identity } = request;
  forbidIf(scopeRefusal(accessControl, identity));
  const resourceId = resourceIdPath === undefined ? undefined : resourceIdAt(input, resourceIdPath);
  if (resourceIdPath !== undefined && resourceId === undefined) {
    // Without this a caller would get the weaker check, "owns any", by leaving the id out.
    throw invalidInput([{
      path: resourceIdPath.slice(1).replaceAll(".", "/"),
      message: "must name a resource",
    }]);
  }
  forbidIf(resourceRefusal(accessControl, { identity, ownership, resourceId }));
}

function forbidIf(why: string | undefined): void {
  if (why === undefined) return;
  throw new CallError(CallCode.Forbidden, why);
}

/** The value of a verdict. */
export function accepted(verdict: Verdict): unknown {
  if (verdict.ok) return verdict.value;
  throw invalidInput(verdict.issues);
}

/** The error for an input that does not fit. */
export function invalidInput(issues: readonly SchemaIssue[]): CallError {
  return new CallError(CallCode.InvalidInput, "Input does not fit the schema", {
    details: { issues },
  });
}
