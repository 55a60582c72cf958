import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { postgresMissing, startPostgres } from "../../../tests/tools/postgres.ts";
import { testOrSkip } from "../../../tests/tools/skip.ts";
import { migrateStore } from "../migrate_store.ts";
import { openStore } from "../store.ts";
import { storeCompliance } from "../testing.ts";
import { fingerprint, peer } from "../testing/harness.ts";
import { tempDirectory } from "../testing/temp.ts";

testOrSkip("PostgreSQL does what every backend must do", postgresMissing(), async (t) => {
  await using cluster = await startPostgres({ inMemory: true });
  for (const { name, run } of storeCompliance) {
    const url = await cluster.database();
    await t.step(name, () => run((options) => openStore(url, options)));
  }
});

testOrSkip("a store moves from SQLite to PostgreSQL and back", postgresMissing(), async () => {
  await using cluster = await startPostgres({ inMemory: true });
  await using directory = await tempDirectory();
  const urls = [`${directory.path}/from.db`, `${directory.path}/back.db`].map((p) => `sqlite:${p}`);
  await using from = await openStore(urls[0] ?? "");
  // Names that languages sort otherwise than bytes do.
  const names = ["a", "B", "\u00e4", "Z", "_", "-a", "a-b", "ab", "A B", "\u{1f980}", "\uff5e"];
  for (const [n, name] of names.entries()) await from.identities.putPeer(peer(name, n));
  await from.settings.put("theme", "dark");
  await using middle = await openStore(await cluster.database());
  await using back = await openStore(urls[1] ?? "");
  const there = await migrateStore(from.backend, middle.backend);
  deepStrictEqual(await migrateStore(middle.backend, back.backend), there);
  strictEqual(there.rows.peers, names.length);
  await Promise.all([middle.refresh(), back.refresh()]);
  for (const store of [middle, back]) {
    strictEqual(store.identities.fromFingerprint(fingerprint(2))?.id, "\u00e4");
  }
});
