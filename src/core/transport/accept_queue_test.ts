import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { AcceptQueue } from "./accept_queue.ts";

Deno.test("an accept queue pulls only while somebody waits", async () => {
  let pulled = 0;
  const queue = new AcceptQueue(() => Promise.resolve(++pulled));
  strictEqual(pulled, 0);
  const iterator = queue[Symbol.asyncIterator]();
  strictEqual((await iterator.next()).value, 1);
  strictEqual((await iterator.next()).value, 2);
  strictEqual(pulled, 2);
});

Deno.test("end() releases everybody who waits and everybody who will", async () => {
  const queue = new AcceptQueue<number>(() => new Promise(() => {}));
  const waiting = [Array.fromAsync(queue), Array.fromAsync(queue)];
  queue.end();
  deepStrictEqual(await Promise.all([...waiting, Array.fromAsync(queue)]), [[], [], []]);
});

Deno.test("iterations that run at once share the items", async () => {
  const items = [1, 2, 3, 4];
  const queue = new AcceptQueue(() => Promise.resolve(items.shift()));
  const [a, b] = await Promise.all([Array.fromAsync(queue), Array.fromAsync(queue)]);
  deepStrictEqual([...a, ...b].sort(), [1, 2, 3, 4]);
});

Deno.test("leaving a loop early does not end the queue for the next one", async () => {
  let pulled = 0;
  const queue = new AcceptQueue(() => Promise.resolve(++pulled < 4 ? pulled : undefined));
  for await (const item of queue) {
    strictEqual(item, 1);
    break;
  }
  deepStrictEqual(await Array.fromAsync(queue), [2, 3]);
});
