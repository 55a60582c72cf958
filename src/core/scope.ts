import type { Identity } from "./identity.ts";

/** Thrown for a scope outside the grammar of docs/security.md. */
export class ScopeError extends SyntaxError {
  /** The class's name. */
  override readonly name = "ScopeError";
  /** Who has to act. */
  readonly blame = "user";
}

const SEGMENT = /^[a-z0-9][a-z0-9._/@-]*$/;
const MAX_SCOPE_CHARACTERS = 256;

/**
 * Checks a scope: `<area>:<verb>[:<object>]` of lower-case segments, where a last segment `*`
 * stands for everything that could follow. `*` alone is the owner's scope.
 *
 * @param scope The text to check.
 * @returns The same text.
 * @throws {ScopeError} When it is outside the grammar.
 *
 * @example
 * ```ts
 * import { parseScope, ScopeError } from "@alknet/core";
 * import { strictEqual, throws } from "node:assert/strict";
 *
 * strictEqual(parseScope("git:read:team/site"), "git:read:team/site");
 * throws(() => parseScope("git:*:site"), ScopeError);
 * ```
 */
export function parseScope(scope: string): string {
  const segments = scope.split(":");
  const last = segments.length - 1;
  const wellFormed = segments.every((segment, index) =>
    SEGMENT.test(segment) || (segment === "*" && index === last)
  );
  const bounded = segments.length <= 3 && scope.length <= MAX_SCOPE_CHARACTERS;
  if (!wellFormed || !bounded || scope === "" || (last === 0 && scope !== "*")) {
    throw new ScopeError(
      `Cannot read scope "${scope.slice(0, 80)}": write <area>:<verb>[:<object>], "*" only last`,
    );
  }
  return scope;
}

/**
 * Whether a granted scope covers a wanted one. `*` covers everything below its place; a grant
 * without an object covers every object.
 *
 * @param granted What the identity has.
 * @param wanted What the action needs; never contains `*`.
 * @returns Whether it is covered.
 *
 * @example
 * ```ts
 * import { scopeCovers } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(scopeCovers("git:*", "git:read:site"), true);
 * strictEqual(scopeCovers("git:read", "git:read:site"), true);
 * strictEqual(scopeCovers("git:read:site", "git:read"), false);
 * strictEqual(scopeCovers("git:read", "git:readall"), false);
 * ```
 */
export function scopeCovers(granted: string, wanted: string): boolean {
  const have = granted.split(":");
  const want = wanted.split(":");
  if (have.at(-1) === "*") have.pop();
  return have.length <= want.length && have.every((segment, index) => segment === want[index]);
}

/**
 * Whether an identity may do what a scope stands for. Strangers may nothing.
 *
 * @param identity The peer, or undefined for a stranger.
 * @param wanted The scope the action needs.
 * @returns Whether one of the identity's scopes covers it.
 *
 * @example
 * ```ts
 * import { hasScope } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(hasScope({ id: "ci", scopes: ["git:read"], resources: {} }, "git:write:x"), false);
 * strictEqual(hasScope(undefined, "git:read"), false);
 * ```
 */
export function hasScope(identity: Identity | undefined, wanted: string): boolean {
  return identity?.scopes.some((granted) => scopeCovers(granted, wanted)) ?? false;
}
