import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { fromFileUrl } from "../tools/root.ts";

import plugin from "./plugin.ts";
import { MAX_FUNCTION_LINES } from "./rules/shape.ts";

const HANDLERS = fromFileUrl(new URL("../../handlers", import.meta.url));

function ids(source: string, file = "/repo/src/core/part.ts"): string[] {
  return Deno.lint.runPlugin(plugin, file, source).map((found) => found.id);
}

Deno.test("no-bare-error reports new Error() and Error(), not classes of one's own", () => {
  deepStrictEqual(ids(`throw new Error("Broken");`), ["alknet/no-bare-error"]);
  deepStrictEqual(ids(`throw Error("Broken");`), ["alknet/no-bare-error"]);
  deepStrictEqual(ids(`throw new FrameError("Broken");`), []);
});

Deno.test("no-bare-error leaves tests and benches alone", () => {
  const source = `throw new Error("Broken");`;
  deepStrictEqual(ids(source, "/repo/src/core/part_test.ts"), []);
  deepStrictEqual(ids(source, "/repo/tests/e2e/story.ts"), []);
  deepStrictEqual(ids(source, "/repo/tests/tools/setup.ts"), ["alknet/no-bare-error"]);
});

const MESSAGES: ReadonlyArray<readonly [argument: string, bad: boolean]> = [
  [`"Cannot read the vault: wrong passphrase"`, false],
  [`'"ssh" is claimed twice'`, false],
  ["`${name} is claimed twice`", false],
  ["`Cannot read ${path}`", false],
  [`"cannot read the vault"`, true],
  [`"Cannot read the vault."`, true],
  ["`cannot read ${path}`", true],
  ["`Cannot read ${path}.`", true],
  [`"cannot read " + path`, true],
  [`"Cannot read " + path + "."`, true],
  [`path + " is missing"`, false],
  [`"3 frames are missing"`, false],
];

for (const [argument, bad] of MESSAGES) {
  Deno.test(`error-message-style ${bad ? "reports" : "accepts"} ${argument}`, () => {
    const expected = bad ? ["alknet/error-message-style"] : [];
    deepStrictEqual(ids(`throw new TypeError(${argument});`), expected);
    deepStrictEqual(
      ids(`class A extends TypeError { constructor() { super(${argument}); } }`),
      expected,
    );
  });
}

Deno.test("error-message-style takes a single word given to one's own class for a code", () => {
  deepStrictEqual(ids(`throw new FrameError("too-long", "Frame is too long");`), []);
  deepStrictEqual(ids(`throw new FrameError("too-long", "frame is too long");`), [
    "alknet/error-message-style",
  ]);
  deepStrictEqual(ids(`class A extends Base { constructor() { super("some words"); } }`), []);
});

Deno.test("no-default-export reports every spelling of a default export", () => {
  deepStrictEqual(ids(`export default 1;`), ["alknet/no-default-export"]);
  deepStrictEqual(ids(`const a = 1; export { a as default };`), ["alknet/no-default-export"]);
  deepStrictEqual(ids(`export const a = 1;`), []);
});

Deno.test("function-length counts lines and leaves tests alone", () => {
  const body = "  work();\n".repeat(MAX_FUNCTION_LINES - 2);
  const fits = `function f() {\n${body}}`;
  const long = `function f() {\n  work();\n${body}}`;
  deepStrictEqual(ids(fits), []);
  deepStrictEqual(ids(long), ["alknet/function-length"]);
  deepStrictEqual(ids(long.replace("function f()", "const f = () =>")), ["alknet/function-length"]);
  deepStrictEqual(ids(long, "/repo/src/core/part_test.ts"), []);
});

Deno.test("no-cross-handler-import knows neighbours by name and by path", () => {
  const file = `${HANDLERS}/ssh/mod.ts`;
  const id = "alknet/no-cross-handler-import";
  deepStrictEqual(ids(`import { echo } from "@alknet/echo";`, file), [id]);
  deepStrictEqual(ids(`import type { Echo } from "../echo/mod.ts";`, file), [id]);
  deepStrictEqual(ids(`export * from "../echo/mod.ts";`, file), [id]);
  deepStrictEqual(ids(`export { echo } from "../echo/mod.ts";`, file), [id]);
  deepStrictEqual(ids(`const { echo } = await import("@alknet/echo");`, file), [id]);
});

Deno.test("no-cross-handler-import lets a handler import core and itself, and others anything", () => {
  const file = `${HANDLERS}/echo/mod.ts`;
  deepStrictEqual(ids(`import type { Handler } from "@alknet/core";`, file), []);
  deepStrictEqual(ids(`import { part } from "./part.ts";`, file), []);
  deepStrictEqual(ids(`import { echo } from "@alknet/echo";`, file), []);
  deepStrictEqual(ids(`import { echo } from "@alknet/echo";`, "/repo/src/cli/serve.ts"), []);
});

Deno.test("no-buffer reports the global, its type and its module outside adapters", () => {
  const id = "alknet/no-buffer";
  deepStrictEqual(ids(`const b = Buffer.from("a");`), [id]);
  deepStrictEqual(ids(`let b: Buffer;`), [id]);
  deepStrictEqual(ids(`import { Buffer } from "node:buffer";`), [id]);
  deepStrictEqual(ids(`const b = globalThis.Buffer;`), [id]);
  deepStrictEqual(ids(`const b = Buffer.from("a");`, "/repo/handlers/ssh/ssh2_adapter.ts"), []);
  deepStrictEqual(ids(`const ringBuffer = new ArrayBuffer(8);`), []);
});

Deno.test("no-event-emitter reports its import and its heirs", () => {
  const id = "alknet/no-event-emitter";
  deepStrictEqual(ids(`import { EventEmitter } from "node:events";`), [id]);
  deepStrictEqual(ids(`class A extends EventEmitter {}`), [id]);
  strictEqual(ids(`class A extends EventTarget {}`).length, 0);
});
