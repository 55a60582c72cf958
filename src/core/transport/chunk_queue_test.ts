import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";

import { ChunkQueue } from "./chunk_queue.ts";

Deno.test("ChunkQueue gives every byte once and in order, whatever the sizes", () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 20 });
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 });
  fc.assert(fc.property(chunks, sizes, (pushed, reads) => {
    const queue = new ChunkQueue();
    const taken: number[] = [];
    const take = (size: number): void => {
      const buffer = new Uint8Array(size);
      const before = queue.byteLength;
      const count = queue.take(buffer);
      strictEqual(count, Math.min(size, before));
      strictEqual(queue.byteLength, before - count);
      taken.push(...buffer.subarray(0, count));
    };
    pushed.forEach((chunk, at) => {
      queue.push(chunk);
      take(reads[at % reads.length] ?? 1);
    });
    while (queue.byteLength > 0) take(7);
    deepStrictEqual(taken, pushed.flatMap((chunk) => [...chunk]));
  }));
});

Deno.test("ChunkQueue.clear() says how much it has thrown away", () => {
  const queue = new ChunkQueue();
  queue.push(new Uint8Array(3));
  queue.push(new Uint8Array(4));
  queue.take(new Uint8Array(2));
  strictEqual(queue.clear(), 5);
  strictEqual(queue.take(new Uint8Array(2)), 0);
});
