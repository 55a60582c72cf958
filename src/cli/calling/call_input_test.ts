import fc from "fast-check";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { CliError } from "../errors.ts";
import { callInput, type InputSources } from "./call_input.ts";

/** A machine with one file, `f`, and a text on standard input. */
function sources(text: string, stdin = ""): InputSources {
  const bytes = (each: string) => new TextEncoder().encode(each);
  return {
    readFile: (path) =>
      path === "f" ? Promise.resolve(bytes(text)) : Promise.reject(new Deno.errors.NotFound(path)),
    async *readStdin() {
      for (const byte of bytes(stdin)) yield Uint8Array.of(byte); // in the middle of characters too
    },
  };
}

Deno.test("whatever JSON is given as one argument, a file or standard input comes back", async () => {
  await fc.assert(fc.asyncProperty(fc.jsonValue(), async (value) => {
    const text = JSON.stringify(value);
    const plain: unknown = JSON.parse(text);
    deepStrictEqual(await callInput(["@f"], sources(text)), plain);
    deepStrictEqual(await callInput(["-"], sources("", text)), plain);
    deepStrictEqual(await callInput(["k:=@f"], sources(text)), { k: plain });
    deepStrictEqual(await callInput([text], sources("")), plain);
  }));
});

Deno.test("callInput() makes an object of pairs, keys of any name among them", async () => {
  const own = JSON.parse('{"__proto__":"x","a.b":"=","l":[1,"2"],"e":""}');
  deepStrictEqual(await callInput(['{"a=b":1}'], sources("")), { "a=b": 1 });
  const args = ["__proto__=x", "a.b==", "l[]:=1", "l[]=2", "e="];
  deepStrictEqual(await callInput(args, sources("")), own);
});

Deno.test("callInput() throws CliError and nothing else, whatever the arguments", async () => {
  const argument = fc.array(
    fc.constantFrom("a", "=", ":", "[", "]", "@", "f", "-", '"', "{", "\0", "\ud800", "1", " "),
    { maxLength: 8 },
  ).map((parts) => parts.join(""));
  await fc.assert(fc.asyncProperty(fc.array(argument, { maxLength: 3 }), async (args) => {
    try {
      await callInput(args, sources("{}", "{}"));
    } catch (error) {
      ok(error instanceof CliError, String(error));
    }
  }));
});

Deno.test("callInput() takes no input without end", async () => {
  let sent = 0;
  const endless: InputSources = {
    readFile: () => Promise.resolve(new Uint8Array(16 * 1024 * 1024 + 1)),
    async *readStdin() {
      for (;; sent++) yield new Uint8Array(1024 * 1024);
    },
  };
  await rejects(callInput(["-"], endless), CliError);
  strictEqual(sent, 16);
  await rejects(callInput(["@f"], endless), CliError);
});
