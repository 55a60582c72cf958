/** A client that openapi-typescript generates from a node's /openapi.json, used with openapi-fetch. */
import { deepStrictEqual, match, notStrictEqual, strictEqual } from "node:assert/strict";

import { missingFromNpm } from "../tools/npm.ts";
import { missing, testOrSkip } from "../tools/skip.ts";
import { Machine } from "./support/cli.ts";
import { GeneratedClient, OPENAPI_CLIENT, OPENAPI_GENERATOR } from "./support/foreign_clients.ts";
import { serveWeb } from "./support/web.ts";

const absent = missing("curl") ?? await missingFromNpm(OPENAPI_GENERATOR) ??
  await missingFromNpm(OPENAPI_CLIENT);

/** What somebody writes who knows nothing but the document. */
const PROGRAM = `
import createClient from "${OPENAPI_CLIENT}";
import type { paths } from "./api.ts";

const [baseUrl = "", token = ""] = Deno.args;
const client = createClient<paths>({ baseUrl, headers: { authorization: "Bearer " + token } });
const schema = await client.POST("/op/services/schema", { body: { name: "node/info" } });
const wrong = await client.POST("/op/services/schema", { body: { name: "nothing/here" } });
const code: string | undefined = wrong.error?.code;
const who = await client.POST("/op/peers/whoami", { body: {} });
console.log(JSON.stringify({ schema: schema.data, code, who: who.data }));
`;

testOrSkip(
  "a client generated from /openapi.json calls operations, with types",
  absent,
  async () => {
    await using started = new AsyncDisposableStack();
    const machine = started.use(await Machine.fresh());
    const client = await GeneratedClient.generate(await serveWeb(machine, started));
    const ran = await client.run(PROGRAM);
    strictEqual(ran.code, 0, ran.err);
    const { schema, code, who } = JSON.parse(ran.out);
    strictEqual(schema.name, "node/info");
    strictEqual(code, "NOT_FOUND");
    deepStrictEqual(who, { id: "token:ci", scopes: ["node:read"] });

    const refused = await client.check(PROGRAM.replace('name: "node/info"', "nme: 1"));
    notStrictEqual(refused.code, 0);
    match(refused.err, /'nme' does not exist in type/);
  },
);
