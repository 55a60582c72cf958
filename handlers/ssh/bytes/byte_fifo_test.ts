import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";

import { BLOCK_BYTES } from "./block_pool.ts";
import { ByteFifo } from "./byte_fifo.ts";

const sizes = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: BLOCK_BYTES - 3, max: BLOCK_BYTES + 3 }),
  fc.integer({ min: 1, max: 3 * BLOCK_BYTES }),
);

Deno.test("ByteFifo gives back what was put in, whatever the sizes", () => {
  fc.assert(fc.property(fc.array(fc.tuple(sizes, sizes), { maxLength: 12 }), (steps) => {
    const fifo = new ByteFifo();
    let [written, read] = [0, 0];
    for (const [push, take] of steps) {
      fifo.push(Uint8Array.from({ length: push }, () => written++ % 251));
      const buffer = new Uint8Array(take);
      const count = fifo.take(buffer);
      strictEqual(count, Math.min(take, written - read));
      deepStrictEqual(
        buffer.subarray(0, count),
        Uint8Array.from({ length: count }, () => read++ % 251),
      );
      strictEqual(fifo.byteLength, written - read);
    }
  }));
});

Deno.test("ByteFifo copies: the bytes may be used again at once", () => {
  const fifo = new ByteFifo();
  const bytes = new Uint8Array([1, 2, 3]);
  fifo.push(bytes);
  bytes.fill(9);
  const buffer = new Uint8Array(3);
  fifo.take(buffer);
  deepStrictEqual(buffer, new Uint8Array([1, 2, 3]));
});

Deno.test("ByteFifo that was cleared begins anew", () => {
  const fifo = new ByteFifo();
  fifo.push(new Uint8Array(2 * BLOCK_BYTES));
  strictEqual(fifo.clear(), 2 * BLOCK_BYTES);
  fifo.push(new Uint8Array([7]));
  const buffer = new Uint8Array(2);
  strictEqual(fifo.take(buffer), 1);
  strictEqual(buffer[0], 7);
});
