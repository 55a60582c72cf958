import { hasScope, type Identity, type OwnershipProvider } from "@alknet/core";

/** What an identity needs to call an operation. All that is set must be met. */
export interface AccessControl {
  /** All of these scopes. */
  readonly requiredScopes?: readonly string[];
  /** At least one of these scopes; an empty list can never be met. */
  readonly requiredScopesAny?: readonly string[];
  /** A resource of this type: owned, where ownership is kept, else granted to the identity. */
  readonly resourceType?: string;
  /** An action granted on the resource type, or on any type. */
  readonly resourceAction?: string;
}

/** Access for everybody, strangers too. Has to be asked for. */
export const ANYONE: AccessControl = Object.freeze({});

/** Access for nobody: what an operation has that does not say. */
export const NOBODY_AT_ALL: AccessControl = Object.freeze({ requiredScopesAny: [] });

/** What an access check looks at. */
export interface AccessRequest {
  /** Who asks; undefined for a stranger. */
  readonly identity: Identity | undefined;
  /** Who owns what. Default: ownership is not kept, the identity's own resources count. */
  readonly ownership?: OwnershipProvider | undefined;
  /** Which resource; undefined asks for any. */
  readonly resourceId?: string | undefined;
}

/**
 * Checks access, in the order of docs/operations.md.
 *
 * @returns Why not, in words that the caller may read, or undefined when access is allowed.
 *
 * @example
 * ```ts
 * import { refusal } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * const identity = { id: "ci", scopes: ["git:read"], resources: {} };
 * strictEqual(refusal({ requiredScopes: ["git:read:site"] }, { identity }), undefined);
 * strictEqual(
 *   refusal({ requiredScopes: ["git:write"] }, { identity }),
 *   "missing required scope: git:write",
 * );
 * ```
 */
export function refusal(access: AccessControl, request: AccessRequest): string | undefined {
  return scopeRefusal(access, request.identity) ?? resourceRefusal(access, request);
}

/** The part of {@linkcode refusal} that needs no resource. */
export function scopeRefusal(
  access: AccessControl,
  identity: Identity | undefined,
): string | undefined {
  if (isOpen(access)) return undefined;
  if (!identity) return "authentication required";
  const missing = access.requiredScopes?.find((scope) => !hasScope(identity, scope));
  if (missing !== undefined) return `missing required scope: ${missing}`;
  const any = access.requiredScopesAny;
  if (any && !any.some((scope) => hasScope(identity, scope))) {
    return `missing required scope (any of: ${any.join(", ")})`;
  }
  return undefined;
}

/** The part of {@linkcode refusal} that comes after the scopes. */
export function resourceRefusal(
  access: AccessControl,
  { identity, ownership, resourceId }: AccessRequest,
): string | undefined {
  const { resourceType: type } = access;
  if (!identity) return isOpen(access) ? undefined : "authentication required";
  if (!ownership || type === undefined) return staticRefusal(access, identity);
  if (resourceId === undefined) {
    return ownership.ownsAny(identity, type) ? undefined : `no owned resources of type: ${type}`;
  }
  if (ownership.owns(identity, type, resourceId)) return undefined;
  return `not owner of resource: ${type}/${resourceId}`;
}

function staticRefusal(access: AccessControl, identity: Identity): string | undefined {
  const { resourceType: type, resourceAction: action } = access;
  if (type !== undefined) {
    const granted = Object.hasOwn(identity.resources, type) ? identity.resources[type] ?? [] : [];
    if (action === undefined) return granted.length > 0 ? undefined : `missing resource: ${type}`;
    return granted.includes(action) ? undefined : `missing resource: ${type}/${action}`;
  }
  if (action === undefined) return undefined;
  const somewhere = Object.values(identity.resources).some((granted) => granted.includes(action));
  return somewhere ? undefined : `missing resource action: ${action}`;
}

function isOpen(access: AccessControl): boolean {
  return !access.requiredScopes?.length && access.requiredScopesAny === undefined &&
    access.resourceType === undefined && access.resourceAction === undefined;
}
