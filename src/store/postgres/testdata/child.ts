/** A process of its own for tests: `child.ts open|write|watch URL [PREFIX]`, a line per event. */
import { printLine } from "../../../../tests/tools/terminal.ts";
import { openPostgres } from "../mod.ts";

const [mode = "", url = "", prefix = ""] = Deno.args;
await using backend = await openPostgres(url, { lockTimeoutMs: 20_000 });
printLine("open");

if (mode === "write") {
  for (let n = 0;; n++) {
    await backend.write(async (tx, touch) => {
      // Two rows, so that a torn transaction shows.
      const values = [`${prefix}a${n}`, `${prefix}b${n}`].map((name) => ({ name, value: "x" }));
      await tx.insertInto("settings").values(values).execute();
      touch("settings", `${prefix}${n}`);
    });
    printLine(`ack ${n}`);
  }
}

if (mode === "watch") {
  const { promise, resolve } = Promise.withResolvers<void>();
  let last = 0;
  const look = async () => {
    const rows = await backend.db.selectFrom("notifications").select(["id", "key"])
      .where("id", ">", last).orderBy("id").execute();
    for (const { id, key } of rows) {
      if (id <= last) continue;
      last = id;
      printLine(`seen ${key}`);
      if (key === "end") resolve();
    }
  };
  const stop = backend.listen(() => void look());
  await promise;
  stop();
}
