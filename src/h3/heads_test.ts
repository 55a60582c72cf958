import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";

import fc from "fast-check";

import { H3StreamError } from "./errors.ts";
import { parsePriority } from "./priority.ts";
import { PriorityUpdates } from "./priority_updates.ts";
import type { FieldLine } from "./qpack/static_table.ts";
import { readRequestHead } from "./request_head.ts";
import { readResponseHead, readTrailers } from "./response_head.ts";
import { onlyErrors } from "./testdata/only_errors.ts";

Deno.test("parsePriority() reads what RFC 9218 defines and nothing else", () => {
  const cases: [string, number, boolean][] = [
    ["", 3, false],
    ["u=0", 0, false],
    ["i", 3, true],
    ["u=5, i", 5, true],
    ["i=?0, u=7", 7, false],
    ["i=?1;x=y", 3, true],
    ['x="a, u=1", u=2', 2, false],
    ["x=(1 2), u=6", 6, false],
    ["u=8", 3, false],
    ["u=-1", 3, false],
    ["u=1.0", 3, false],
    ["U=1", 3, false],
    ["u=1, \0", 3, false],
  ];
  for (const [text, urgency, incremental] of cases) {
    deepStrictEqual(parsePriority(text), { urgency, incremental }, text);
  }
});

Deno.test("parsePriority() takes any text in no time", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const { urgency } = parsePriority(text);
    ok(urgency >= 0 && urgency <= 7);
  }));
  parsePriority("a; ".repeat(2_700));
  parsePriority(`a=${'"'.repeat(8_000)}`);
  parsePriority(`${"a;a".repeat(2_700)}"`);
});

Deno.test("priorities of requests that do not come are forgotten, the oldest first", () => {
  const updates = new PriorityUpdates();
  const priority = { urgency: 1, incremental: false };
  for (let stream = 0; stream < 200; stream++) updates.set(stream * 4, priority);
  strictEqual(updates.take(0), undefined);
  strictEqual(updates.take(199 * 4), priority);
  strictEqual(updates.take(199 * 4), undefined);
});

Deno.test("heads and trailers of any fields give values or stream errors", () => {
  const name = fc.oneof(
    fc.constantFrom(":method", ":path", ":scheme", ":authority", ":status", ":protocol"),
    fc.constantFrom("host", "te", "cookie", "content-length", "connection"),
    fc.string(),
  );
  const value = fc.oneof(
    fc.constantFrom("GET", "/", "https", "localhost", "200", "5"),
    fc.string(),
  );
  const line = fc.tuple(name, value).map(([a, b]): FieldLine => [a, b]);
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      for (const read of [readRequestHead, readResponseHead, readTrailers]) {
        onlyErrors([H3StreamError], () => read(lines));
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("cookies that came in pieces are one (RFC 9114 section 4.2.1)", () => {
  const { headers } = readRequestHead([
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", "a"],
    [":path", "/"],
    ["cookie", "a=1"],
    ["x", "y"],
    ["cookie", "b=2"],
  ]);
  deepStrictEqual(headers, [["x", "y"], ["cookie", "a=1; b=2"]]);
});
