import { deepStrictEqual, ok } from "node:assert/strict";
import { resolveAll } from "./resolve.ts";

Deno.test("literal addresses are taken as they are, each once", async () => {
  const addresses = ["127.0.0.1", "::1", "127.0.0.1"].map((hostname) => ({ hostname, port: 1 }));
  deepStrictEqual(await resolveAll(addresses), addresses.slice(0, 2));
});

Deno.test("a name stands for all of its addresses", async () => {
  const found = await resolveAll([{ hostname: "localhost", port: 7 }]);
  ok(found.some(({ hostname }) => hostname === "127.0.0.1" || hostname === "::1"));
  ok(found.every(({ port }) => port === 7));
});

Deno.test("a name that does not resolve stands for none, and the others still count", async () => {
  const nowhere = { hostname: "nowhere.invalid", port: 1 };
  deepStrictEqual(await resolveAll([nowhere]), []);
  const literal = { hostname: "192.0.2.1", port: 1 };
  deepStrictEqual(await resolveAll([nowhere, literal]), [literal]);
});
