import { deepStrictEqual, rejects } from "node:assert/strict";

import { MessageOrder } from "./message_order.ts";

const bytes = (value: number): Uint8Array => new Uint8Array([value]);

Deno.test("MessageOrder hands messages on at once, and uncopied, while that takes no time", async () => {
  const seen: Uint8Array[] = [];
  const order = new MessageOrder((payload) => void seen.push(payload));
  const [first, second] = [bytes(1), bytes(2)];
  order.take(first);
  order.take(second);
  deepStrictEqual(seen.map((payload) => payload === first || payload === second), [true, true]);
  await order.settled();
});

Deno.test("MessageOrder keeps copies of what waits behind a slow message, in order", async () => {
  const gate = Promise.withResolvers<void>();
  const seen: number[] = [];
  const order = new MessageOrder((payload) => {
    seen.push(payload[0] ?? 0);
    return payload[0] === 1 || payload[0] === 3 ? gate.promise : undefined;
  });
  const used = bytes(0);
  for (const value of [1, 2, 3, 4]) {
    used[0] = value;
    order.take(used);
  }
  used[0] = 9;
  deepStrictEqual(seen, [1]);
  const settled = order.settled();
  gate.resolve();
  await settled;
  deepStrictEqual(seen, [1, 2, 3, 4]);
});

Deno.test("MessageOrder hands on nothing after a fault, and tells it", async () => {
  for (const isAsync of [false, true]) {
    const seen: number[] = [];
    const fault = new RangeError("broken");
    const order = new MessageOrder((payload) => {
      seen.push(payload[0] ?? 0);
      if (isAsync) return Promise.reject(fault);
      throw fault;
    });
    order.take(bytes(1));
    order.take(bytes(2));
    await rejects(order.settled(), fault);
    deepStrictEqual(seen, [1]);
  }
});

Deno.test("MessageOrder that was stopped hands on nothing and tells nothing", async () => {
  const seen: number[] = [];
  const order = new MessageOrder((payload) => {
    seen.push(payload[0] ?? 0);
    return Promise.resolve();
  });
  order.take(bytes(1));
  order.take(bytes(2));
  order.stop();
  await order.settled();
  deepStrictEqual(seen, [1]);
});
