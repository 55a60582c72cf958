import { postgresMissing, startPostgres } from "../../../tests/tools/postgres.ts";
import { testOrSkip } from "../../../tests/tools/skip.ts";
import { openStore } from "../store.ts";
import { storeCompliance } from "../testing.ts";

testOrSkip("PostgreSQL does what every backend must do", postgresMissing(), async (t) => {
  await using cluster = await startPostgres();
  for (const { name, run } of storeCompliance) {
    const url = await cluster.database();
    await t.step(name, () => run((options) => openStore(url, options)));
  }
});
