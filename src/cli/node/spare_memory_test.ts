import { ok } from "node:assert/strict";

import { missingFile, testOrSkip } from "../../../tests/tools/skip.ts";

const PROGRAM = new URL("testdata/spare_memory.ts", import.meta.url).pathname;
const FREED_BYTES = 100_000_000;

testOrSkip(
  "giveBackSpareMemory() returns what is free between memory in use",
  missingFile("/lib/x86_64-linux-gnu/libc.so.6"),
  async () => {
    const args = ["run", "-A", "--no-check", PROGRAM];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    const { full, later, kept } = JSON.parse(new TextDecoder().decode(stdout));
    ok(full - later > FREED_BYTES, `${full} bytes, ${later} later, ${kept} in use`);
  },
);
