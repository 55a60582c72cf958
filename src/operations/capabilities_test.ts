import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { inspect } from "node:util";

import { Capabilities } from "./capabilities.ts";

Deno.test("Capabilities show themselves to nobody who prints them", () => {
  const capabilities = new Capabilities({ github: "s3cret" });
  const shown = [
    JSON.stringify({ capabilities }),
    `${capabilities}`,
    inspect({ capabilities }, { depth: 9, showHidden: true }),
    Deno.inspect({ capabilities }, { depth: 9 }),
  ];
  for (const text of shown) strictEqual(text.includes("s3cret"), false);
  deepStrictEqual(Object.keys(capabilities), []);
});

Deno.test("Capabilities.take() gives a secret by name, and throws for others", () => {
  const capabilities = new Capabilities({ github: "s3cret" });
  strictEqual(capabilities.take("github"), "s3cret");
  strictEqual(capabilities.has("gitea"), false);
  throws(() => capabilities.take("toString"), RangeError);
});
