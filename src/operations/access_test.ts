import { strictEqual } from "node:assert/strict";

import type { Identity, OwnershipProvider } from "@alknet/core";
import fc from "fast-check";

import { type AccessControl, ANYONE, NOBODY_AT_ALL, refusal } from "./access.ts";

const ci: Identity = { id: "ci", scopes: ["git:read"], resources: { repo: ["push"], empty: [] } };
const owner: Identity = { id: "owner", scopes: ["*"], resources: {} };
const ownership: OwnershipProvider = {
  owns: (identity, type, id) => identity.id === "ci" && type === "container" && id === "c1",
  ownedResources: () => [],
  ownsAny: (identity, type) => identity.id === "ci" && type === "container",
};

type Row = [string, AccessControl, Identity | undefined, string | undefined];

const STATIC: Row[] = [
  ["anyone lets a stranger in", ANYONE, undefined, undefined],
  ["an empty list of scopes is no restriction", { requiredScopes: [] }, undefined, undefined],
  ["nobody is not even the owner", NOBODY_AT_ALL, owner, "missing required scope (any of: )"],
  ["scopes want somebody", { requiredScopes: ["a:b"] }, undefined, "authentication required"],
  ["any-of wants somebody", { requiredScopesAny: ["a:b"] }, undefined, "authentication required"],
  ["a resource wants somebody", { resourceType: "x" }, undefined, "authentication required"],
  ["an action wants somebody", { resourceAction: "x" }, undefined, "authentication required"],
  [
    "all scopes, the first missing told",
    { requiredScopes: ["git:read", "a:b", "c:d"] },
    ci,
    "missing required scope: a:b",
  ],
  ["a wider scope covers", { requiredScopes: ["git:read:site"] }, ci, undefined],
  ["the owner's scope covers", { requiredScopes: ["a:b"] }, owner, undefined],
  ["one of any is enough", { requiredScopesAny: ["a:b", "git:read"] }, ci, undefined],
  [
    "none of any is not",
    { requiredScopesAny: ["a:b", "c:d"] },
    ci,
    "missing required scope (any of: a:b, c:d)",
  ],
  ["type and action", { resourceType: "repo", resourceAction: "push" }, ci, undefined],
  [
    "type without the action",
    { resourceType: "repo", resourceAction: "drop" },
    ci,
    "missing resource: repo/drop",
  ],
  ["a type alone", { resourceType: "repo" }, ci, undefined],
  ["an empty type", { resourceType: "empty" }, ci, "missing resource: empty"],
  ["an inherited name is no grant", { resourceType: "toString" }, ci, "missing resource: toString"],
  ["an action anywhere", { resourceAction: "push" }, ci, undefined],
  ["an action nowhere", { resourceAction: "drop" }, ci, "missing resource action: drop"],
  [
    "scopes come before resources",
    { requiredScopes: ["a:b"], resourceType: "none" },
    ci,
    "missing required scope: a:b",
  ],
];

for (const [name, access, identity, expected] of STATIC) {
  Deno.test(`refusal(): ${name}`, () => {
    strictEqual(refusal(access, { identity }), expected);
  });
}

Deno.test("refusal() with ownership asks who owns the resource, and nothing else", () => {
  const access: AccessControl = { resourceType: "container" };
  strictEqual(refusal(access, { identity: ci, ownership, resourceId: "c1" }), undefined);
  strictEqual(
    refusal(access, { identity: ci, ownership, resourceId: "c2" }),
    "not owner of resource: container/c2",
  );
  strictEqual(refusal(access, { identity: ci, ownership }), undefined);
  strictEqual(
    refusal(access, { identity: owner, ownership }),
    "no owned resources of type: container",
  );
  // The static table is not looked at once ownership is kept.
  strictEqual(
    refusal({ resourceType: "repo" }, { identity: ci, ownership, resourceId: "r" }),
    "not owner of resource: repo/r",
  );
});

Deno.test("refusal() lets nobody in who lacks a required scope", () => {
  const scope = fc.constantFrom("a:r", "a:w", "b:r", "b:w");
  fc.assert(fc.property(fc.array(scope), fc.array(scope, { minLength: 1 }), (has, wants) => {
    const identity = { id: "x", scopes: has, resources: {} };
    const allowed = refusal({ requiredScopes: wants }, { identity }) === undefined;
    strictEqual(allowed, wants.every((each) => has.includes(each)));
  }));
});
