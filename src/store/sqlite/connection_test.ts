import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { CompiledQuery } from "kysely";
import { anyText } from "../../../tests/tools/any_text.ts";
import { checkParameters } from "../parameters.ts";
import { tempDirectory } from "../testing/temp.ts";
import { SqliteConnection } from "./connection.ts";

// node:sqlite takes a leading object for named parameters, and every value moves one place.
Deno.test("parameters that node:sqlite would shift, cut or convert are refused", () => {
  const refused = [new Date(), new Map(), new ArrayBuffer(1), {}, [], true, undefined, 1.5, NaN];
  for (const value of [...refused, "a\0b", "\ud800", () => 1, Symbol("a")]) {
    throws(() => checkParameters([value]), { name: "StoreSerializationError" });
  }
  const kept = [null, 0, -1, 2n ** 60n, "", "ä", new Uint8Array(2)];
  deepStrictEqual(checkParameters(kept), kept);
});

Deno.test("text, bytes and integers come back as they were", async () => {
  await using directory = await tempDirectory();
  const connection = new SqliteConnection(`${directory.path}/a.db`, false);
  connection.exec("create table t (a text, b blob, c integer) strict");
  const text = anyText().filter((each) => !each.includes("\0"));
  await fc.assert(
    fc.asyncProperty(text, fc.uint8Array(), fc.maxSafeInteger(), async (a, b, c) => {
      await connection.executeQuery(CompiledQuery.raw("delete from t"));
      await connection.executeQuery(CompiledQuery.raw("insert into t values (?, ?, ?)", [a, b, c]));
      const { rows } = await connection.executeQuery(CompiledQuery.raw("select * from t"));
      deepStrictEqual(rows.map((row) => ({ ...(row as object) })), [{ a, b, c }]);
    }),
    { numRuns: 200 },
  );
  connection.close();
});

Deno.test("many different statements do not pile up, and rows can be streamed", async () => {
  await using directory = await tempDirectory();
  const connection = new SqliteConnection(`${directory.path}/a.db`, true);
  for (let n = 0; n < 500; n++) {
    const { rows } = await connection.executeQuery(CompiledQuery.raw(`select ${n} as n`));
    strictEqual((rows[0] as { n: number }).n, n);
  }
  const query = CompiledQuery.raw(
    "with recursive c(x) as (select 1 union all select x + 1 from c where x < 3) select x from c",
  );
  const streamed: unknown[] = [];
  for await (const { rows } of connection.streamQuery<{ x: number }>(query)) {
    streamed.push(rows[0]?.x);
  }
  deepStrictEqual(streamed, [1, 2, 3]);
  const write = CompiledQuery.raw("create table t (a text)");
  await connection.executeQuery(write).then(() => ok(false), (error) => ok(error));
  connection.close();
});
