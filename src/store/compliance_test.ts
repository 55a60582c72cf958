import { openStore } from "./store.ts";
import { storeCompliance } from "./testing.ts";
import { tempDirectory } from "./testing/temp.ts";

for (const { name, run } of storeCompliance) {
  Deno.test(`SQLite: ${name}`, async () => {
    await using directory = await tempDirectory();
    await run((options) => openStore(`sqlite:${directory.path}/store.db`, options));
  });
}
