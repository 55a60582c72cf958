import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { EscapeKeys, type TypedKeys } from "./escape_keys.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What comes of keys that are typed one after the other. */
function typed(...keys: readonly string[]): [forward: string, command: TypedKeys["command"]] {
  const escapes = new EscapeKeys();
  let all = "";
  for (const each of keys) {
    const { forward, command } = escapes.push(encoder.encode(each));
    all += decoder.decode(forward);
    if (command) return [all, command];
  }
  return [all, undefined];
}

Deno.test("EscapeKeys finds ~. at the begin of a line, in whatever pieces it comes", () => {
  deepStrictEqual(typed("~."), ["", "leave"]);
  deepStrictEqual(typed("ls\r~", "."), ["ls\r", "leave"]);
  deepStrictEqual(typed("a\n", "~", "?"), ["a\n", "help"]);
});

Deno.test("EscapeKeys leaves a tilde alone that is none of its own", () => {
  deepStrictEqual(typed("cat ~.profile\r"), ["cat ~.profile\r", undefined]);
  deepStrictEqual(typed("~", "/x"), ["~/x", undefined]);
  deepStrictEqual(typed("~~."), ["~.", undefined]);
});

Deno.test("EscapeKeys forwards every text without tildes as it is", () => {
  const text = fc.string().filter((each) => !each.includes("~")).map((each) => each.toWellFormed());
  fc.assert(fc.property(fc.array(text), (keys) => {
    strictEqual(typed(...keys)[0], keys.join(""));
  }));
});
