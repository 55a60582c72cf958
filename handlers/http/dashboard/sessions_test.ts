import { strictEqual } from "node:assert/strict";

import { DashboardSessions } from "./sessions.ts";

const owner = { id: "owner", scopes: ["*"], resources: {} };

/** Sessions with a clock that is set by hand. */
function fixture(limits = {}): { sessions: DashboardSessions; clock: { now: number } } {
  const clock = { now: 1_000 };
  return { sessions: new DashboardSessions(limits, () => clock.now), clock };
}

function signedIn(sessions: DashboardSessions): string {
  return sessions.redeem(sessions.invite(() => owner)) ?? "";
}

Deno.test("a link signs in once", () => {
  const { sessions } = fixture();
  const secret = sessions.invite(() => owner);
  strictEqual(sessions.find(secret), undefined);
  const session = sessions.redeem(secret) ?? "";
  strictEqual(sessions.find(session)?.identify()?.id, "owner");
  strictEqual(sessions.redeem(secret), undefined);
});

Deno.test("a link that waited too long, or whose owner is revoked meanwhile, signs nobody in", () => {
  const { sessions, clock } = fixture({ linkTtlMs: 100 });
  const late = sessions.invite(() => owner);
  clock.now += 100;
  strictEqual(sessions.redeem(late), undefined);
  strictEqual(sessions.redeem(sessions.invite(() => undefined)), undefined);
  strictEqual(sessions.size, 0);
});

Deno.test("a session ends when it is idle, old, signed out, or its owner is revoked", () => {
  const { sessions, clock } = fixture({ idleTimeoutMs: 100, maxAgeMs: 250 });
  const idle = signedIn(sessions);
  clock.now += 101;
  strictEqual(sessions.find(idle), undefined);

  const old = signedIn(sessions);
  for (let step = 0; step < 3; step++) {
    clock.now += 80;
    strictEqual(sessions.find(old)?.identify()?.id, "owner");
  }
  clock.now += 80;
  strictEqual(sessions.find(old), undefined);

  const left = signedIn(sessions);
  sessions.end(left);
  strictEqual(sessions.find(left), undefined);

  let known: typeof owner | undefined = owner;
  const revoked = sessions.redeem(sessions.invite(() => known)) ?? "";
  known = undefined;
  strictEqual(sessions.find(revoked), undefined);
  strictEqual(sessions.size, 0);
});

Deno.test("links and sessions are bounded: the oldest unused makes room", () => {
  const { sessions } = fixture({ maxSessions: 2, maxLinks: 2 });
  const [first, second] = [signedIn(sessions), signedIn(sessions)];
  strictEqual(sessions.find(first)?.identify()?.id, "owner");
  const third = signedIn(sessions);
  strictEqual(sessions.size, 2);
  strictEqual(sessions.find(second), undefined);
  strictEqual(sessions.find(first)?.identify()?.id, "owner");
  strictEqual(sessions.find(third)?.identify()?.id, "owner");
  const links = [1, 2, 3].map(() => sessions.invite(() => owner));
  strictEqual(sessions.redeem(links[0] ?? ""), undefined);
});

Deno.test("what is done in a session keeps it, and nothing keeps one that has ended", () => {
  const { sessions, clock } = fixture({ idleTimeoutMs: 100 });
  const secret = signedIn(sessions);
  const session = sessions.find(secret);
  for (let step = 0; step < 3; step++) {
    clock.now += 80;
    session?.use();
  }
  strictEqual(sessions.find(secret), session);
  sessions.end(secret);
  session?.use();
  strictEqual(sessions.find(secret), undefined);
});
