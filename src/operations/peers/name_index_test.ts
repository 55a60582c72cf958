import { deepStrictEqual, strictEqual } from "node:assert/strict";

import fc from "fast-check";

import { NameIndex } from "./name_index.ts";

Deno.test("an index says who serves a name, in their order, whatever came and went", () => {
  const names = fc.uniqueArray(fc.constantFrom("a", "b", "c"));
  const step = fc.record({ order: fc.nat(7), names });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), fc.nat(8), (steps, after) => {
    const index = new NameIndex<{ order: number }>();
    const servers = Array.from({ length: 8 }, (_, order) => ({ order, names: new Set<string>() }));
    for (const { order, names } of steps) {
      const server = servers[order];
      if (!server) continue;
      index.update(server, server.names, new Set(names));
      server.names = new Set(names);
    }
    for (const name of ["a", "b", "c"]) {
      const expected = servers.filter((server) => server.names.has(name));
      deepStrictEqual(index.serving(name), expected);
      const place = expected.findIndex(({ order }) => order > after);
      strictEqual(index.placeAfter(name, after), Math.max(0, place));
    }
  }));
});
