import { rejects, strictEqual } from "node:assert/strict";

import { endsWithin } from "./ends_within.ts";

Deno.test("endsWithin() tells whether it was in time, and passes an error on", async () => {
  strictEqual(await endsWithin(Promise.resolve("value"), 60_000), true);
  strictEqual(await endsWithin(new Promise(() => {}), 1), false);
  await rejects(endsWithin(Promise.reject(new RangeError("x")), 60_000), RangeError);
});
