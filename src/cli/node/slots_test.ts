import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import { Slots } from "./slots.ts";

Deno.test("Slots lets so many run at once, the others in their order, failures too", async () => {
  const slots = new Slots(2);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const work = (n: number) => async (): Promise<number> => {
    most = Math.max(most, ++running);
    order.push(n);
    await Promise.resolve();
    running--;
    if (n === 1) throw new RangeError("one");
    return n;
  };
  const all = [0, 1, 2, 3, 4].map((n) => slots.run(work(n)));
  await rejects(all[1] ?? Promise.resolve(), RangeError);
  const settled = await Promise.allSettled(all);
  deepStrictEqual(settled.map(({ status }) => status === "fulfilled"), [
    true,
    false,
    true,
    true,
    true,
  ]);
  deepStrictEqual(order, [0, 1, 2, 3, 4]);
  strictEqual(most, 2);
});
