import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";

import { DerivedKey, KeyDisposedError } from "./mod.ts";
import { KeyCache } from "./key_cache.ts";

Deno.test("KeyCache wipes the least recently used key when it is full", () => {
  const cache = new KeyCache({ ttlMs: 100, maxEntries: 2, now: () => 0 });
  const [a, b, c] = [key(1), key(2), key(3)];
  cache.add("m/1'", a);
  cache.add("m/2'", b);
  cache.find("ed25519", "m/1'");
  cache.add("m/3'", c);
  strictEqual(cache.size, 2);
  strictEqual(cache.find("ed25519", "m/2'"), undefined);
  throws(() => b.privateKey, KeyDisposedError);
  deepStrictEqual([a.privateKey[0], c.privateKey[0]], [1, 3]);
});

Deno.test("KeyCache wipes expired keys at the next access, and use does not prolong them", () => {
  let now = 0;
  const cache = new KeyCache({ ttlMs: 100, maxEntries: 64, now: () => now });
  const old = key(1);
  cache.add("m/1'", old);
  now = 99;
  strictEqual(cache.find("ed25519", "m/1'"), old);
  now = 100;
  strictEqual(cache.find("ed25519", "m/other"), undefined);
  throws(() => old.privateKey, KeyDisposedError);
  strictEqual(cache.size, 0);
});

Deno.test("KeyCache.clear() and a replaced entry wipe, down to the bytes", () => {
  const cache = new KeyCache({ ttlMs: 100, maxEntries: 64, now: () => 0 });
  const [first, second] = [key(1), key(2)];
  const [firstBytes, secondBytes] = [first.privateKey, second.privateKey];
  cache.add("m/1'", first);
  cache.add("m/1'", second);
  deepStrictEqual(firstBytes, new Uint8Array(32));
  strictEqual(cache.size, 1);
  cache.clear();
  deepStrictEqual(secondBytes, new Uint8Array(32));
});

function key(value: number): DerivedKey {
  return new DerivedKey("ed25519", new Uint8Array(32).fill(value), new Uint8Array(32));
}
