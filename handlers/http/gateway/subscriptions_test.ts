import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";

import { ANYONE, CallError, type Operation, operation } from "@alknet/operations";

import { SAMPLES, testWeb } from "../testdata/web.ts";

/** A subscription that counts, and tells what becomes of it. */
function ticker(): { operation: Operation; stopped: Promise<void>; made: () => number } {
  const stopped = Promise.withResolvers<void>();
  let made = 0;
  const ticks = operation({
    name: "tick",
    type: "subscription",
    access: { requiredScopes: ["tick:see"] },
    async *handler() {
      try {
        while (true) yield ++made;
      } finally {
        stopped.resolve();
      }
    },
  });
  return { operation: ticks, stopped: stopped.promise, made: () => made };
}

/** Reads events, one after the other. */
class Events {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(response: Response) {
    strictEqual(response.status, 200);
    strictEqual(response.headers.get("content-type"), "text/event-stream");
    const { body } = response;
    ok(body);
    this.#reader = body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next that is no comment; undefined at the end. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const event = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        if (!event.startsWith(":")) return event;
        continue;
      }
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#text += value;
    }
  }

  async take(count: number): Promise<(string | undefined)[]> {
    const events = [];
    for (let n = 0; n < count; n++) events.push(await this.next());
    return events;
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

Deno.test("a subscription sends its items and says that it is complete", async () => {
  using web = testWeb(SAMPLES);
  const asked = [
    web.ask("/subscribe?operation=count/up&input={%22to%22:2}", { token: "bob" }),
    web.ask("/subscribe", { token: "bob", json: { operation: "count/up", input: { to: 2 } } }),
    web.ask("/op/count/up?to=2", { token: "bob" }),
    web.ask("/op/count/up", { token: "bob", json: { to: 2 } }),
  ];
  for (const response of await Promise.all(asked)) {
    const events = await new Events(response).take(4);
    deepStrictEqual(events, ["data: 1", "data: 2", "event: completed\ndata: {}", undefined]);
  }
});

Deno.test("a subscription that is refused has a status, one that breaks off an event", async () => {
  const fails = operation({
    name: "fail",
    type: "subscription",
    access: ANYONE,
    errors: { WORN: { httpStatus: 409 } },
    async *handler() {
      yield 1;
      throw new CallError("WORN", "Worn out");
    },
  });
  const { operation: tick } = ticker();
  using web = testWeb([...SAMPLES, fails, tick]);
  const status = async (path: string) => (await web.ask(path, { token: "bob" })).status;
  strictEqual(await status("/subscribe?operation=tick"), 403);
  strictEqual(await status("/subscribe?operation=nothing"), 404);
  strictEqual(await status("/subscribe?operation=count/up&input={%22to%22:%22x%22}"), 422);
  strictEqual(await status("/subscribe?operation=count/up&input={"), 400);
  strictEqual(await status("/subscribe"), 400);
  const events = new Events(await web.ask("/subscribe?operation=fail", { token: "bob" }));
  strictEqual(await events.next(), "data: 1");
  const error = await events.next();
  match(error ?? "", /^event: error\ndata: \{"code":"WORN","message":"Worn out"/);
  strictEqual(await events.next(), undefined);
});

Deno.test("an item that is no JSON ends the subscription with an error", async () => {
  const odd = operation({
    name: "odd",
    type: "subscription",
    access: ANYONE,
    async *handler() {
      yield 1;
      yield 2n;
      yield 3;
    },
  });
  using web = testWeb([odd]);
  const events = await new Events(await web.ask("/op/odd", { token: "bob" })).take(3);
  strictEqual(events[0], "data: 1");
  match(events[1] ?? "", /^event: error\ndata: \{"code":"INTERNAL"/);
  strictEqual(events[2], undefined);
  using calls = testWeb([operation({ name: "big", access: ANYONE, handler: () => 1n })]);
  strictEqual((await calls.ask("/op/big", { token: "bob", json: {} })).status, 500);
});

Deno.test("a client that leaves stops the operation, and what it does not read is not made", async () => {
  const { operation: tick, stopped, made } = ticker();
  using web = testWeb([tick]);
  const events = new Events(await web.ask("/subscribe?operation=tick", { token: "ada" }));
  deepStrictEqual(await events.take(2), ["data: 1", "data: 2"]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  ok(made() < 8, `${made()} items were made for two`);
  await events.cancel();
  await stopped;
  strictEqual(web.people.listeners, 0);
});

Deno.test("silence is filled with comments, and a client that does not read is given up", async () => {
  const silent = operation({
    name: "silent",
    type: "subscription",
    access: ANYONE,
    async *handler(_, { signal }) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      yield 1;
    },
  });
  const { operation: tick, stopped } = ticker();
  const limits = { heartbeatMs: 10, stalledMs: 60 };
  using web = testWeb([silent, tick], { limits });
  const quiet = await web.ask("/subscribe?operation=silent", { token: "bob" });
  const reader = quiet.body?.pipeThrough(new TextDecoderStream()).getReader();
  ok(reader);
  for (let beats = 0; beats < 3; beats++) strictEqual((await reader.read()).value, ":\n\n");
  await reader.cancel();
  const stalled = await web.ask("/subscribe?operation=tick", { token: "ada" }); // and never read
  await stopped;
  await stalled.body?.cancel().catch(() => {});
});

Deno.test("a subscriber whose permission is withdrawn hears no more", async () => {
  const { operation: tick, stopped } = ticker();
  using web = testWeb([tick]);
  const events = new Events(await web.ask("/subscribe?operation=tick", { token: "ada" }));
  strictEqual(await events.next(), "data: 1");
  web.people.add("carol"); // is nothing to ada
  strictEqual(await events.next(), "data: 2");
  web.people.remove("ada");
  await stopped;
  const rest = await events.take(4);
  strictEqual(rest.at(-1), undefined);
});

Deno.test("a subscriber that comes back gets what it has missed, once each", async () => {
  const { operation: tick, made } = ticker();
  using web = testWeb([tick]);
  const path = "/subscribe?operation=tick&resumable=true";
  const first = new Events(await web.ask(path, { token: "ada" }));
  const [one, two, three] = await first.take(3);
  const idOf = (event = "") => /^id: (\S+)\ndata: \d+$/.exec(event)?.[1] ?? "";
  match(idOf(three), /^[\da-f-]{36}\.3$/);
  await first.cancel();
  const resting = made();
  await new Promise((resolve) => setTimeout(resolve, 20));
  strictEqual(made(), resting); // nobody asks for more meanwhile
  const back = async (event: string | undefined) =>
    await web.ask(path, { token: "ada", headers: { "last-event-id": idOf(event) } });
  const second = new Events(await back(one));
  deepStrictEqual(await second.take(2), [two, three]);
  match(await second.next() ?? "", /\.4\ndata: 4$/);
  const third = new Events(await back(three)); // while the second is there: takes its place
  match(await third.next() ?? "", /\.4\ndata: 4$/);
  await third.cancel();
  await second.cancel();
});

Deno.test("nobody else can resume a subscription, nor anybody after the window", async () => {
  const { operation: tick, stopped } = ticker();
  using web = testWeb([tick, ...SAMPLES], { limits: { resumeWindowMs: 30 } });
  web.people.add("dora", "*");
  const path = "/subscribe?operation=tick&resumable=true";
  const events = new Events(await web.ask(path, { token: "ada" }));
  const id = /^id: (\S+)/.exec(await events.next() ?? "")?.[1] ?? "";
  const resume = async (token: string, lastId: string) =>
    (await web.ask(path, { token, headers: { "last-event-id": lastId } })).status;
  strictEqual(await resume("dora", id), 410);
  for (const wrong of ["", "x", `${id}9999`, id.replace(/\.1$/, ".-1"), "..", `x.1`]) {
    strictEqual(await resume("ada", wrong), 410, wrong);
  }
  await events.cancel();
  await stopped;
  strictEqual(await resume("ada", id), 410);
});

Deno.test("a subscriber that has seen the end is told not to come back", async () => {
  using web = testWeb(SAMPLES);
  const path = "/subscribe?operation=count/up&resumable=true";
  const events = await new Events(await web.ask(path, { token: "bob" })).take(5);
  const id = (event = "") => /^id: (\S+)/.exec(event)?.[1] ?? "";
  const back = async (event: string | undefined) =>
    await web.ask(path, { token: "bob", headers: { "last-event-id": id(event) } });
  strictEqual((await back(events[3])).status, 204);
  const again = new Events(await back(events[2]));
  match(await again.next() ?? "", /event: completed/);
  strictEqual(await again.next(), undefined);
});

Deno.test("what is kept for a subscriber that comes back is bounded", async () => {
  const { operation: tick } = ticker();
  const limits = { maxReplayEvents: 2, maxResumablePerIdentity: 1 };
  const small = { maxReplayChars: 120, resumeWindowMs: 20 };
  using web = testWeb([tick, ...SAMPLES], { limits, visible: ["gateway"] });
  const path = "/subscribe?operation=tick&resumable=true";
  const events = new Events(await web.ask(path, { token: "ada" }));
  const seen = await events.take(6);
  strictEqual((await web.ask(path, { token: "ada" })).status, 429);
  const id = /^id: (\S+)/.exec(seen[0] ?? "")?.[1] ?? "";
  const late = await web.ask(path, { token: "ada", headers: { "last-event-id": id } });
  strictEqual(late.status, 410);
  await events.cancel();
  using narrow = testWeb([ticker().operation], { limits: small });
  const some = new Events(await narrow.ask(path, { token: "ada" }));
  const [one, , , four] = await some.take(4);
  const idOf = (event = "") => /^id: (\S+)/.exec(event)?.[1] ?? "";
  const status = async (event: string | undefined) => {
    const headers = { "last-event-id": idOf(event) };
    const response = await narrow.ask(path, { token: "ada", headers });
    await response.body?.cancel();
    return response.status;
  };
  strictEqual(await status(one), 410); // each event has some fifty characters
  strictEqual(await status(four), 200);
  await some.cancel();
  const stranger = await web.ask("/subscribe?operation=count/up&resumable=true");
  strictEqual(stranger.status, 401);
});
