import { type ForwardedFor, MAX_CLAIMS } from "@alknet/operations";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";

import { MAX_VIA, parseRequested, type Requested, requested } from "./payloads.ts";

const text = fc.string({ maxLength: 20 });
const identity = fc.record({
  id: text,
  scopes: fc.array(text, { maxLength: 4 }),
  resources: fc.dictionary(text, fc.array(text, { maxLength: 3 }), { noNullPrototype: true }),
}, { noNullPrototype: true });

/** As it looks to the other side. */
function onTheWire(request: Requested): Requested {
  return parseRequested(JSON.parse(JSON.stringify(requested("1", request).payload)));
}

function depthOf(claim: ForwardedFor | undefined): number {
  return claim ? 1 + depthOf(claim.forwardedFor) : 0;
}

Deno.test("via and claims within claims survive the wire, up to their limits", () => {
  const claims = fc.array(identity, { maxLength: MAX_CLAIMS });
  const via = fc.array(text, { maxLength: MAX_VIA });
  fc.assert(fc.property(claims, via, (chain, passed) => {
    const forwardedFor = chain.reduceRight<ForwardedFor | undefined>(
      (inner, each) => inner ? { ...each, forwardedFor: inner } : each,
      undefined,
    );
    const read = onTheWire({ name: "a", input: null, forwardedFor, via: passed });
    deepStrictEqual(read.forwardedFor, forwardedFor);
    deepStrictEqual(read.via, passed.length > 0 ? passed : undefined);
  }));
});

Deno.test("a claim nested without end is cut off, and via keeps its last nodes", () => {
  let claim: ForwardedFor | undefined;
  for (let n = 0; n < 1_000; n++) {
    claim = { id: `${n}`, scopes: [], resources: {}, ...(claim ? { forwardedFor: claim } : {}) };
  }
  const via = Array.from({ length: 10_000 }, (_, n) => `n${n}`);
  const read = onTheWire({ name: "a", input: null, forwardedFor: claim, via });
  strictEqual(depthOf(read.forwardedFor), MAX_CLAIMS);
  strictEqual(read.via?.length, MAX_VIA);
  strictEqual(read.via?.at(-1), "n9999");
});

Deno.test("what is malformed in a claim counts as absent, and so does a via that is none", () => {
  const good = { id: "ada", scopes: [], resources: {} };
  const claimOf = (value: unknown): unknown =>
    parseRequested({ "forwarded_for": value }).forwardedFor;
  deepStrictEqual(claimOf({ ...good, "forwarded_for": { id: 7 } }), good);
  for (
    const bad of [
      { ...good, id: "x".repeat(257) },
      { ...good, scopes: Array.from({ length: 257 }, () => "a:b") },
      { ...good, scopes: ["x".repeat(257)] },
      { ...good, resources: Object.fromEntries(Array.from({ length: 257 }, (_, n) => [n, []])) },
    ]
  ) strictEqual(claimOf(bad), undefined);
  for (const via of [null, {}, "a", 7, [], [7], ["x".repeat(129)], [["a"]]]) {
    strictEqual(parseRequested({ via }).via, undefined);
  }
});

Deno.test("parseRequested() takes any JSON", () => {
  const key = fc.constantFrom("forwarded_for", "via", "id", "scopes", "resources", "operationId");
  const { payload } = fc.letrec((tie) => ({
    payload: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue(),
      fc.dictionary(key, tie("payload")),
      fc.array(tie("payload"), { maxLength: 3 }),
    ),
  }));
  fc.assert(fc.property(payload, (value) => {
    const { name, via = [], forwardedFor } = parseRequested(value);
    ok(typeof name === "string" && via.every((each) => typeof each === "string"));
    ok(depthOf(forwardedFor) <= MAX_CLAIMS);
  }));
});
