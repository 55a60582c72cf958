import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";

import { ChunkQueue } from "./chunk_queue.ts";

Deno.test("ChunkQueue gives every byte once and in order, whatever the sizes", () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 20 });
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 });
  fc.assert(fc.property(chunks, sizes, fc.boolean(), (given, reads, owned) => {
    const queue = new ChunkQueue({ owned });
    const pushed = given.map((chunk) => chunk.slice());
    const taken: number[] = [];
    const take = (size: number): void => {
      const buffer = new Uint8Array(size);
      const before = queue.byteLength;
      const count = queue.take(buffer);
      strictEqual(count, Math.min(size, before));
      strictEqual(queue.byteLength, before - count);
      taken.push(...buffer.subarray(0, count));
    };
    given.forEach((chunk, at) => {
      queue.push(chunk);
      take(reads[at % reads.length] ?? 1);
    });
    while (queue.byteLength > 0) take(7);
    deepStrictEqual(taken, pushed.flatMap((chunk) => [...chunk]));
  }));
});

Deno.test("ChunkQueue gives back the memory of chunks it owns, once they were read", () => {
  const [whole, half, part] = [new Uint8Array(4), new Uint8Array(4), new Uint8Array(8).subarray(4)];
  const queue = new ChunkQueue({ owned: true });
  for (const chunk of [whole, part, half]) queue.push(chunk);
  queue.take(new Uint8Array(10));
  deepStrictEqual([whole.length, part.length, half.length], [0, 4, 4]); // part's buffer is shared
  queue.take(new Uint8Array(2));
  strictEqual(half.length, 0);
  const others = new ChunkQueue({ owned: false });
  const chunk = new Uint8Array(4);
  others.push(chunk);
  others.take(new Uint8Array(4));
  strictEqual(chunk.length, 4);
});

Deno.test("ChunkQueue.clear() says how much it has thrown away", () => {
  const queue = new ChunkQueue({ owned: false });
  queue.push(new Uint8Array(3));
  queue.push(new Uint8Array(4));
  queue.take(new Uint8Array(2));
  strictEqual(queue.clear(), 5);
  strictEqual(queue.take(new Uint8Array(2)), 0);
});
