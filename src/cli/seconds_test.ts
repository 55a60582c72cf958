import { strictEqual, throws } from "node:assert/strict";

import { CliError } from "./errors.ts";
import { seconds } from "./seconds.ts";

Deno.test("a time is seconds where it does not say, and takes the units that people write", () => {
  // "--deadline 300ms" became NaN, and the message spoke of a range that nobody had left.
  const read = seconds("--deadline");
  const good = { "5": 5, "0.5": 0.5, "300ms": 0.3, "5s": 5, "2m": 120, "1h": 3_600 };
  for (const [text, time] of Object.entries(good)) strictEqual(read(text), time, text);
  for (const text of ["", "0", "0ms", "-1", "3601", "2h", "1e3", "5 s", "s", "NaN", "5d", "1.s"]) {
    throws(() => read(text), (error: unknown) => {
      return error instanceof CliError && error.message.startsWith("--deadline must be above 0");
    }, text);
  }
});
