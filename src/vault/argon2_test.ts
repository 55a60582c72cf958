import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import { argon2id as nobleArgon2id } from "@noble/hashes/argon2.js";
import fc from "fast-check";

import { argon2id, isArgon2Cost } from "./argon2.ts";
import { Argon2CostError, DEFAULT_ARGON2_COST, MAX_ARGON2_COST } from "./mod.ts";

Deno.test("argon2id() agrees with @noble/hashes", async () => {
  const input = fc.tuple(
    fc.uint8Array({ minLength: 1, maxLength: 40 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.record({
      memoryKib: fc.integer({ min: 32, max: 64 }),
      passes: fc.integer({ min: 1, max: 3 }),
      parallelism: fc.integer({ min: 1, max: 4 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(input, async ([passphrase, salt, cost]) => {
      const { memoryKib: m, passes: t, parallelism: p } = cost;
      const expected = nobleArgon2id(passphrase, salt, { m, t, p, dkLen: 32 });
      deepStrictEqual(await argon2id(passphrase, salt, cost), new Uint8Array(expected));
    }),
    { numRuns: 20 },
  );
});

Deno.test("isArgon2Cost() admits the default and nothing that exhausts the machine", () => {
  strictEqual(isArgon2Cost(DEFAULT_ARGON2_COST), true);
  const wrong = [
    { ...DEFAULT_ARGON2_COST, memoryKib: MAX_ARGON2_COST.memoryKib + 1 },
    { ...DEFAULT_ARGON2_COST, memoryKib: 31 },
    { ...DEFAULT_ARGON2_COST, memoryKib: NaN },
    { ...DEFAULT_ARGON2_COST, passes: 0 },
    { ...DEFAULT_ARGON2_COST, passes: 17 },
    { ...DEFAULT_ARGON2_COST, passes: 1.5 },
    { ...DEFAULT_ARGON2_COST, parallelism: 17 },
    MAX_ARGON2_COST, // each at its limit, together beyond the limit of work
  ];
  for (const cost of wrong) strictEqual(isArgon2Cost(cost), false);
});

Deno.test("argon2id() refuses a cost outside the limits", async () => {
  const cost = { memoryKib: 2 ** 31, passes: 1, parallelism: 1 };
  await rejects(argon2id(new Uint8Array(1), new Uint8Array(16), cost), Argon2CostError);
});
