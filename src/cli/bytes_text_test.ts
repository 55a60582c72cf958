import { strictEqual } from "node:assert/strict";

import { bytesText } from "./bytes_text.ts";

Deno.test("bytes are told in the unit that fits", () => {
  strictEqual(bytesText(0), "0 B");
  strictEqual(bytesText(1_023), "1023 B");
  strictEqual(bytesText(1_024), "1.00 KiB");
  strictEqual(bytesText(15_000_000), "14.3 MiB");
  strictEqual(bytesText(1_024 ** 4 * 5_000), "5000 TiB");
});
