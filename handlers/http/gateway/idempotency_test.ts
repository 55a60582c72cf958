import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { ANYONE, CallError, type Operation, operation } from "@alknet/operations";

import { type Ask, type TestWeb, testWeb } from "../testdata/web.ts";

/** Counts how often it was done. */
function counter(answer: (count: number) => unknown = (count) => count): {
  operation: Operation;
  count: () => number;
} {
  let count = 0;
  return {
    count: () => count,
    operation: operation({
      name: "pay",
      access: ANYONE,
      errors: { BROKE: { httpStatus: 409 }, BUSY: { httpStatus: 503 } },
      handler: async () => await answer(++count),
    }),
  };
}

async function begun(count: () => number): Promise<void> {
  while (count() === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

function pay(web: TestWeb, key: string, how: Ask = {}): Promise<Response> {
  const headers = { "idempotency-key": key };
  return web.ask("/op/pay", { token: "ada", json: { to: "bob" }, headers, ...how });
}

Deno.test("a request that comes again with its key is answered as before, and done once", async () => {
  const { operation, count } = counter();
  using web = testWeb([operation]);
  const answers = [];
  for (const key of ['"k1"', '"k1"', "k1", '"k2"']) {
    const response = await pay(web, key);
    answers.push([await response.json(), response.headers.get("idempotency-replayed")]);
  }
  deepStrictEqual(answers, [[1, null], [1, "true"], [1, "true"], [2, null]]);
  strictEqual(count(), 2);
});

Deno.test("a key stands for one request of one caller", async () => {
  const { operation, count } = counter();
  using web = testWeb([operation], { visible: ["gateway"] });
  strictEqual(await (await pay(web, "k")).json(), 1);
  strictEqual((await pay(web, "k", { json: { to: "carol" } })).status, 422);
  strictEqual(await (await pay(web, "k", { token: "bob" })).json(), 2);
  const { token: _, ...stranger } = { token: "", json: {}, headers: { "idempotency-key": "k" } };
  strictEqual((await web.ask("/op/pay", stranger)).status, 400);
  for (const key of ["", '"', '""', "a b", "x".repeat(256), '"a"b"']) {
    strictEqual((await pay(web, key)).status, 400, key);
  }
  strictEqual(count(), 2);
});

Deno.test("errors are kept too, but for those that invite to try again", async () => {
  for (const [code, retryable, done] of [["BROKE", false, 1], ["BUSY", true, 2]] as const) {
    const { operation, count } = counter(() => {
      throw new CallError(code, "No", { retryable });
    });
    using web = testWeb([operation]);
    const first = await pay(web, "k");
    const again = await pay(web, "k");
    strictEqual(again.status, first.status);
    strictEqual(await again.text(), await first.text());
    strictEqual(again.headers.get("content-type"), "application/problem+json");
    strictEqual(count(), done, code);
  }
});

Deno.test("a second request while the first is under way is a conflict", async () => {
  const release = Promise.withResolvers<void>();
  const { operation, count } = counter(() => release.promise.then(() => "paid"));
  using web = testWeb([operation]);
  const first = pay(web, "k");
  await begun(count);
  const second = await pay(web, "k");
  strictEqual(second.status, 409);
  strictEqual(second.headers.get("retry-after"), "1");
  release.resolve();
  strictEqual(await (await first).json(), "paid");
  strictEqual(await (await pay(web, "k")).json(), "paid");
  strictEqual(count(), 1);
});

// The client loses its connection after the work began: with a key it can ask what came of it.
Deno.test("a client that leaves gets the answer when it comes back with its key", async () => {
  const release = Promise.withResolvers<void>();
  const { operation, count } = counter(() => release.promise.then(() => "paid"));
  using web = testWeb([operation]);
  const leaving = new AbortController();
  const first = pay(web, "k", { signal: leaving.signal });
  await begun(count);
  leaving.abort();
  release.resolve();
  await first;
  strictEqual(await (await pay(web, "k")).json(), "paid");
  strictEqual(count(), 1);
});

Deno.test("an answer that is too long to keep is not given twice, nor is it done twice", async () => {
  const { operation, count } = counter(() => "x".repeat(200));
  using web = testWeb([operation], { limits: { maxIdempotentAnswerChars: 100 } });
  strictEqual((await pay(web, "k")).status, 200);
  const again = await pay(web, "k");
  strictEqual(again.status, 409);
  strictEqual((await again.json()).code, "IDEMPOTENCY_ANSWER_GONE");
  strictEqual(count(), 1);
});

Deno.test("kept answers are bounded in number, of each caller too, in size and in time", async () => {
  const { operation } = counter((count) => String(count).padStart(50, "0"));
  const limits = {
    maxIdempotencyKeys: 3,
    maxIdempotencyKeysPerIdentity: 2,
    maxIdempotencyChars: 120, // two answers
  };
  using web = testWeb([operation], { limits });
  const ask = async (key: string, token = "ada") => {
    const response = await pay(web, key, { token });
    await response.body?.cancel();
    return response.headers.get("idempotency-replayed") ?? response.status;
  };
  strictEqual(await ask("b", "bob"), 200);
  strictEqual(await ask("1"), 200);
  strictEqual(await ask("2"), 200); // pushes bob's answer out, not that it was given
  strictEqual(await ask("b", "bob"), 409);
  strictEqual(await ask("3"), 200); // ada's first key goes, not bob's
  strictEqual(await ask("b", "bob"), 409);
  strictEqual(await ask("3"), "true");
  strictEqual(await ask("1"), 200);

  using short = testWeb([operation], { limits: { idempotencyMs: 20 } });
  await (await pay(short, "k")).body?.cancel();
  await new Promise((resolve) => setTimeout(resolve, 40));
  const later = await pay(short, "k");
  strictEqual(later.headers.has("idempotency-replayed"), false);
  await later.body?.cancel();
});
