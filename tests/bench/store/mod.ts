/**
 * Measures the store: `deno run -A --v8-flags=--expose-gc tests/bench/store/mod.ts [PEERS]…`
 *
 * better-sqlite3 on Node takes its turn in the same run where `BETTER_SQLITE3` names a directory in
 * which `npm install better-sqlite3` was run.
 *
 * @module
 */
import { measureCommits } from "./commits.ts";
import { measureIndex } from "./index_size.ts";
import { printLine } from "./print.ts";
import { measureWakes, summary } from "../../../src/store/sqlite/testdata/wakes.ts";
import { tempDirectory } from "../../../src/store/testing/temp.ts";

const SIZES: readonly number[] = [10, 10_000, 1_000_000];

async function measureWaking(): Promise<void> {
  await using directory = await tempDirectory();
  const url = `sqlite:${directory.path}/store.db`;
  const { latencies, missed, torn } = await measureWakes(url, { commits: 3_000, gapMs: 10 });
  printLine(`wake, 3 writers 10 ms apart: ${summary(latencies)}, ${missed} missed, ${torn} torn`);
}

if (import.meta.main) {
  const sizes = Deno.args.length > 0 ? Deno.args.map(Number) : SIZES;
  await measureCommits(Deno.env.get("BETTER_SQLITE3"));
  await measureWaking();
  for (const size of sizes) await measureIndex(size);
}
