import { deepStrictEqual, rejects } from "node:assert/strict";

import { ConfigError } from "../errors.ts";
import { readConfig } from "./config.ts";
import { TABLES } from "./known_tables.ts";
import { FIELDS } from "./schema.ts";
import { readStoreConfig } from "./store_config.ts";

async function fileOf(text: string): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".toml" });
  await Deno.writeTextFile(file, text);
  return file;
}

Deno.test("readStoreConfig() fills in what is missing", async () => {
  const file = await fileOf('[store]\nurl = "sqlite:/srv/a.db"\n');
  deepStrictEqual(await readStoreConfig(file), { storeUrl: "sqlite:/srv/a.db", auditDays: 90 });
  await Deno.remove(file);
  deepStrictEqual(await readStoreConfig(file), { storeUrl: undefined, auditDays: 90 });
});

Deno.test("readStoreConfig() reads on where another table is wrong", async () => {
  // A mistake in [ssh] kept everybody from disabling a peer.
  const file = await fileOf('[ssh]\noffer = ["nonsense"]\n[store]\naudit_days = 7\n');
  await rejects(readConfig(file), ConfigError);
  deepStrictEqual(await readStoreConfig(file), { storeUrl: undefined, auditDays: 7 });
  await Deno.remove(file);
});

Deno.test("readStoreConfig() tells of mistakes in its own table, and of tables that may be meant for it", async () => {
  for (
    const text of [
      "[store]\naudit_days = 0",
      "[store]\nurll = ''",
      "store = 1",
      "[store",
      "[stroe]",
      "[[store]]",
    ]
  ) {
    const file = await fileOf(text);
    await rejects(readStoreConfig(file), ConfigError);
    await Deno.remove(file);
  }
});

Deno.test("the tables that are known are those of the schema", () => {
  deepStrictEqual([...TABLES].sort(), [...new Set(FIELDS.map(({ table }) => table))].sort());
});
