import { strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { anyText } from "../../tests/tools/any_text.ts";
import { hasScope, parseScope, scopeCovers, ScopeError } from "./scope.ts";

const SEGMENT = fc.stringMatching(/^[a-z0-9][a-z0-9._/@-]{0,12}$/);
const WANTED = fc.array(SEGMENT, { minLength: 2, maxLength: 3 }).map((parts) => parts.join(":"));

Deno.test("parseScope() takes every scope of the grammar as it is", () => {
  fc.assert(fc.property(WANTED, (scope) => strictEqual(parseScope(scope), scope)));
  for (const scope of ["*", "git:*", "git:read:*", "git:read:team/site.git", "a:b@c"]) {
    strictEqual(parseScope(scope), scope);
  }
});

const OUTSIDE = ["", ":", "git", "git:", ":read", "git::x", "*:read", "git:*:x", "git:re*d", "**"];
for (const scope of [...OUTSIDE, "GIT:read", "git:read:a:b", " git:read", "git:read\n", "git:-x"]) {
  Deno.test(`parseScope() refuses ${JSON.stringify(scope)}`, () => {
    throws(() => parseScope(scope), ScopeError);
  });
}

Deno.test("parseScope() refuses more than 256 characters and quotes at most 80", () => {
  strictEqual(parseScope(`a:${"b".repeat(254)}`).length, 256);
  throws(
    () => parseScope(`a:${"b".repeat(255)}`),
    (error) => error instanceof ScopeError && error.message.length < 200,
  );
});

Deno.test("parseScope() throws ScopeError and nothing else", () => {
  fc.assert(fc.property(anyText({ maxLength: 40 }), (text) => {
    try {
      parseScope(text);
    } catch (error) {
      if (!(error instanceof ScopeError)) throw error;
    }
  }));
});

Deno.test("a scope covers itself, and its beginnings and wildcards cover it", () => {
  fc.assert(fc.property(WANTED, (wanted) => {
    const [area = "", verb = ""] = wanted.split(":");
    for (const granted of [wanted, "*", `${area}:*`, `${area}:${verb}`, `${area}:${verb}:*`]) {
      strictEqual(scopeCovers(granted, wanted), true, `${granted} covers ${wanted}`);
    }
  }));
});

Deno.test("a scope covers nothing beside or above it", () => {
  fc.assert(fc.property(WANTED, WANTED, (granted, wanted) => {
    const below = `${wanted}:`.startsWith(`${granted}:`);
    strictEqual(scopeCovers(granted, wanted), below);
  }));
  strictEqual(scopeCovers("git:read:site", "git:read"), false);
  strictEqual(scopeCovers("git:read:s", "git:read:site"), false);
  strictEqual(scopeCovers("git:read:*", "git:write:site"), false);
  strictEqual(scopeCovers("gi", "git:read"), false);
});

Deno.test("hasScope() lets strangers do nothing", () => {
  fc.assert(fc.property(WANTED, (wanted) => strictEqual(hasScope(undefined, wanted), false)));
  strictEqual(hasScope({ id: "a", scopes: [], resources: {} }, "git:read"), false);
  strictEqual(hasScope({ id: "a", scopes: ["x:y", "*"], resources: {} }, "git:read"), true);
});
