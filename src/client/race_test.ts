import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { race, type Runner } from "./race.ts";

const LATER = 60_000;
const FOREVER = new AbortController().signal;

Deno.test("the first runner to succeed wins, and the others are told to stop", async () => {
  const [slow, fast] = [new Fake(0), new Fake(0)];
  const racing = race([slow, fast], FOREVER);
  await Promise.all([slow.began, fast.began]);
  fast.succeed("fast");
  deepStrictEqual(await racing, { won: "fast", index: 1 });
  ok(slow.signal?.aborted);
});

Deno.test("a runner begins early when all before it have failed", async () => {
  const [quic, tls] = [new Fake(0), new Fake(LATER)];
  const racing = race([quic, tls], FOREVER);
  await quic.began;
  strictEqual(tls.starts, 0);
  quic.fail("refused");
  await tls.began;
  tls.succeed("tls");
  deepStrictEqual(await racing, { won: "tls", index: 1 });
});

Deno.test("a runner does not begin early while one before it still tries", async () => {
  const [a, b, c] = [new Fake(0), new Fake(0), new Fake(LATER)];
  const racing = race([a, b, c], FOREVER);
  await Promise.all([a.began, b.began]);
  a.fail("a");
  await Promise.resolve();
  strictEqual(c.starts, 0);
  b.fail("b");
  await c.began;
  c.succeed("c");
  deepStrictEqual(await racing, { won: "c", index: 2 });
  strictEqual(a.starts + b.starts + c.starts, 3);
});

Deno.test("when all fail, the failures come in the order of the runners", async () => {
  const [a, b] = [new Fake(0), new Fake(0)];
  const racing = race([a, b], FOREVER);
  await Promise.all([a.began, b.began]);
  b.fail("b");
  a.fail("a");
  deepStrictEqual(await racing, { errors: ["a", "b"] });
});

Deno.test("a result that comes after the race is thrown away", async () => {
  const [a, b] = [new Fake(0), new Fake(0)];
  const racing = race([a, b], FOREVER);
  await Promise.all([a.began, b.began]);
  a.succeed("a");
  await racing;
  b.succeed("b");
  strictEqual(await b.discarded, "b");
});

Deno.test("an abort ends the race at once, and what comes later is thrown away", async () => {
  const controller = new AbortController();
  const [a, b] = [new Fake(0), new Fake(LATER)];
  const racing = race([a, b], controller.signal);
  await a.began;
  controller.abort("enough");
  deepStrictEqual(await racing, { errors: ["enough", "enough"] });
  a.succeed("late");
  strictEqual(await a.discarded, "late");
  strictEqual(b.starts, 0);
});

Deno.test("a race under an aborted signal begins nothing", async () => {
  const a = new Fake(0);
  deepStrictEqual(await race([a], AbortSignal.abort("no")), { errors: ["no"] });
  strictEqual(a.starts, 0);
});

/** A runner whose end the test decides. */
class Fake implements Runner<string> {
  starts = 0;
  signal?: AbortSignal;
  readonly began: Promise<void>;
  readonly discarded: Promise<string>;
  discard: (late: string) => void;
  succeed: (value: string) => void;
  fail: (error: unknown) => void;
  readonly #result: Promise<string>;
  readonly #begin: () => void;

  constructor(readonly delayMs: number) {
    ({ promise: this.began, resolve: this.#begin } = Promise.withResolvers<void>());
    ({ promise: this.discarded, resolve: this.discard } = Promise.withResolvers<string>());
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#result = promise;
    this.succeed = resolve;
    this.fail = reject;
  }

  start(signal: AbortSignal): Promise<string> {
    this.starts++;
    this.signal = signal;
    this.#begin();
    return this.#result;
  }
}
