import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import type { SshClientSession } from "@alknet/ssh";
import { CliError, ExitCode } from "../errors.ts";
import { type LinkEvent, SessionLink, type SessionLinkOptions } from "./session_link.ts";

/** As much of a session as a link looks at, and a way to end it. */
class FakeSession implements AsyncDisposable {
  readonly farewell = "good bye";
  readonly #end = Promise.withResolvers<undefined>();
  readonly ended = this.#end.promise;

  end(): void {
    this.#end.resolve(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.end();
    return Promise.resolve();
  }
}

type Step = FakeSession | Error;

/** A link whose attempts have the outcomes given, in order; it is stopped after the last. */
function linkOf(steps: readonly Step[], options: Partial<SessionLinkOptions> = {}) {
  const events: LinkEvent[] = [];
  const stop = new AbortController();
  const rest = [...steps];
  const link = new SessionLink({
    connect() {
      const step = rest.shift();
      if (step instanceof FakeSession) return Promise.resolve(step as unknown as SshClientSession);
      return Promise.reject(step ?? new TypeError("No step is left"));
    },
    attach: () => Promise.resolve(),
    onEvent: (event) => {
      events.push(event);
      if (rest.length === 0 && event.event === "lost") stop.abort();
    },
    signal: stop.signal,
    ...options,
  });
  return { link, events, stop };
}

const lost = new CliError("Gone", ExitCode.Unreachable);
const refused = new CliError("Not you", ExitCode.Refused);

Deno.test("a link that never was ends with the first failure, unless it is told to keep trying", async () => {
  await rejects(linkOf([lost]).link.run(), lost);
  const { link, events } = linkOf([lost], { keepTrying: true });
  await link.run();
  strictEqual(events[0]?.event, "lost");
});

Deno.test("a link that was up comes back, and tells how long it waits", async () => {
  const [first, second] = [new FakeSession(), new FakeSession()];
  const { link, events } = linkOf([first, second]);
  const running = link.run();
  strictEqual(await link.session() as unknown, first);
  first.end();
  await first.ended;
  await Promise.resolve();
  strictEqual(await link.session() as unknown, second);
  second.end();
  await running;
  deepStrictEqual(events.map(({ event }) => event), ["connected", "lost", "connected", "lost"]);
  const waits = events.flatMap((each) => each.event === "lost" ? [each] : []);
  for (const { retryInMs, reason } of waits) {
    ok(retryInMs >= 1_000 && retryInMs <= 30_000, `${retryInMs}`);
    strictEqual(reason, "good bye");
  }
});

Deno.test("a refusal ends a link for good, even one that was up", async () => {
  const first = new FakeSession();
  const { link } = linkOf([first, refused]);
  const running = link.run();
  await link.session();
  first.end();
  await rejects(running, refused);
});

Deno.test("what cannot be prepared anew is tried again with the next session", async () => {
  const [first, second] = [new FakeSession(), new FakeSession()];
  let attached = 0;
  const { link, events } = linkOf([first, second, new FakeSession()], {
    attach: () => ++attached === 2 ? Promise.reject(new Error("Port is taken")) : Promise.resolve(),
  });
  const running = link.run();
  await link.session();
  first.end();
  await first.ended;
  await Promise.resolve();
  const third = await link.session() as unknown as FakeSession;
  third.end();
  await running;
  const reasons = events.map((each) => each.event === "lost" ? each.reason : "");
  match(reasons.join(), /Port is taken/);
});

Deno.test("patienceMs: who waits for a session that does not come is told", async () => {
  const { link } = linkOf([], { patienceMs: 10 });
  await rejects(link.session(), /no connection to the node/);
});
