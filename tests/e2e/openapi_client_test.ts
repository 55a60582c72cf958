/** A client that openapi-typescript generates from a node's /openapi.json, used with openapi-fetch. */
import { deepStrictEqual, match, notStrictEqual, strictEqual } from "node:assert/strict";

import { missingFromNpm } from "../tools/npm.ts";
import { missing, testOrSkip } from "../tools/skip.ts";
import { Machine, type Outcome, runProgram } from "./support/cli.ts";
import { serveWeb } from "./support/web.ts";

const GENERATOR = "npm:openapi-typescript@7.13.0";
const CLIENT = "npm:openapi-fetch@0.17.0";
const absent = missing("curl") ?? await missingFromNpm(GENERATOR) ?? await missingFromNpm(CLIENT);

/** What somebody writes who knows nothing but the document. */
const PROGRAM = `
import createClient from "${CLIENT}";
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
    const web = await serveWeb(machine, started);
    const { out } = await web.curl("-H", `authorization: Bearer ${web.token}`, "/openapi.json");
    await machine.write("openapi.json", out);
    const path = (name: string) => `${machine.home}/${name}`;
    const deno = (...args: readonly string[]): Promise<Outcome> =>
      runProgram(Deno.execPath(), args, { env: { ...machine.env, DENO_CERT: web.ca } });
    const generator = ["run", "-A", "--no-config", GENERATOR];
    const generated = await deno(...generator, path("openapi.json"), "-o", path("api.ts"));
    strictEqual(generated.code, 0, generated.err);

    const program = await machine.write("program.ts", PROGRAM);
    const run = ["run", "-A", "--check", "--no-config", program];
    const ran = await deno(...run, web.origin, web.token);
    strictEqual(ran.code, 0, ran.err);
    const { schema, code, who } = JSON.parse(ran.out);
    strictEqual(schema.name, "node/info");
    strictEqual(code, "NOT_FOUND");
    deepStrictEqual(who, { id: "token:ci", scopes: ["node:read"] });

    const slip = await machine.write("slip.ts", PROGRAM.replace('name: "node/info"', "nme: 1"));
    const refused = await deno("check", "--no-config", slip);
    notStrictEqual(refused.code, 0);
    match(refused.err, /'nme' does not exist in type/);
  },
);
