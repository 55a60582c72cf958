import {
  type Identity,
  IdentityConflictError,
  ScopeError,
  StoreNotFoundError,
  StoreSerializationError,
} from "@alknet/core";
import { CallCode, CallError, type OperationContext } from "@alknet/operations";
import type { IdentityChanges } from "@alknet/store";
import { Authority, type Holdings } from "../authority.ts";
import { noteChange } from "../note_change.ts";
import type { OperationSources } from "./sources.ts";

/** What a change works with: one transaction, and what its caller may do. */
export interface ChangeScope {
  readonly changes: IdentityChanges;
  readonly authority: Authority;
  readonly caller: Identity;
}

/** What is to be said of a change. */
export interface ChangeLabel {
  /** The operation and what it acts on, for the audit of a refusal. */
  readonly what: string;
  readonly context: OperationContext;
}

/**
 * Makes a change under the authority of its caller. What is checked is checked in the transaction
 * that writes, so that nothing can be raised between the two. Refusals are noted in the audit.
 *
 * @throws {CallError} Whatever went wrong, as the caller may know it.
 */
export async function changeAs<T>(
  { store, identitiesFile }: OperationSources,
  { what, context: { identity } }: ChangeLabel,
  work: (scope: ChangeScope) => Promise<T>,
): Promise<T> {
  if (!identity) throw new CallError(CallCode.Forbidden, "Authentication required");
  const storedHere = !identitiesFile.entries.peers.some(({ peerId }) => peerId === identity.id);
  try {
    return await store.identities.change(async (changes) => {
      const { ownership } = store;
      const authority = await Authority.of(identity, changes, { ownership, storedHere });
      return await work({ changes, authority, caller: identity });
    });
  } catch (error) {
    const failure = failureOf(error);
    if (failure instanceof CallError && failure.code === CallCode.Forbidden) {
      noteChange(store, { by: identity.id, kind: "change.refused", what });
    }
    throw failure;
  }
}

/**
 * Refuses to give what the caller does not hold.
 *
 * @throws {CallError} FORBIDDEN, which says what.
 */
export function assertMayGive(authority: Authority, holdings: Holdings): void {
  const beyond = authority.beyond(holdings);
  if (beyond !== undefined) {
    throw forbidden(`You cannot give what you do not hold: ${beyond}`, beyond);
  }
}

/**
 * Refuses to touch what holds more than the caller; does not say what that is.
 *
 * @throws {CallError} FORBIDDEN.
 */
export function assertMayTouch(authority: Authority, name: string, holdings: Holdings): void {
  if (authority.beyond(holdings) === undefined) return;
  throw forbidden(`"${name}" holds more than you do`, "what it holds");
}

/** The answer to more than the caller holds. */
export function forbidden(message: string, beyond: string): CallError {
  return new CallError(CallCode.Forbidden, message, { details: { beyond } });
}

/** The answer where something is in the way. */
export function conflict(message: string): CallError {
  return new CallError("CONFLICT", message);
}

/** The answer where there is nothing of the name. */
export function missing(kind: string, name: string): CallError {
  return new CallError(CallCode.NotFound, `There is no ${kind} "${name}"`);
}

/** The answer to a value that the schema lets pass and that cannot be kept. */
export function invalid(path: string, message: string): CallError {
  const details = { issues: [{ path, message }] };
  return new CallError(CallCode.InvalidInput, "Input cannot be used", { details });
}

function failureOf(error: unknown): unknown {
  if (error instanceof IdentityConflictError) {
    return conflict("A key or name of it belongs to another entry");
  }
  if (error instanceof StoreNotFoundError) return missing(error.kind, error.entity);
  if (error instanceof ScopeError) return invalid("/scopes", error.message);
  return error instanceof StoreSerializationError ? invalid("", error.message) : error;
}
