import { ok } from "node:assert/strict";

import { aloneMs, idleMs, threadTime, timeSince } from "./thread_time.ts";

const LINUX = Deno.build.os === "linux";

Deno.test("timeSince() tells work from waiting, whatever else the machine does", async () => {
  const atWork = threadTime();
  while (performance.now() < atWork.wall + 60);
  const worked = timeSince(atWork);
  ok(worked.wall >= 60);
  ok(!LINUX || idleMs(worked) < 20, `idle for ${idleMs(worked)} ms of a busy loop`);
  const atRest = threadTime();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const rested = timeSince(atRest);
  ok(idleMs(rested) > 20, `idle for ${idleMs(rested)} ms of a wait`);
  ok(aloneMs(rested) >= idleMs(rested));
});
