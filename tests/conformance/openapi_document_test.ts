/**
 * Redocly's linter, rules of the specification only, over the OpenAPI that we write.
 * https://redocly.com/docs/cli
 */
import { deepStrictEqual, ok } from "node:assert/strict";
import { join } from "node:path";

import { ANYONE, openApiDocument, operation } from "@alknet/operations";

import { run } from "../tools/process.ts";
import { testOrSkip } from "../tools/skip.ts";

const LINTER = "npm:@redocly/cli@2.77.0";

const TREE = {
  type: "object",
  properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#" } } },
  required: ["name"],
} as const;

const SPECS = [
  operation({
    name: "tree/put",
    description: "Keeps a tree\nand all that hangs on it",
    input: TREE,
    output: TREE,
    access: { requiredScopes: ["tree:write"] },
    errors: { TOO_TALL: { httpStatus: 409, schema: { type: "integer" } } },
    handler: (tree) => tree,
  }),
  operation({
    name: "tree/watch.all",
    type: "subscription",
    input: true,
    access: ANYONE,
    async *handler() {},
  }),
  operation({
    name: "tree/size",
    type: "query",
    input: { $ref: "#/$defs/any", $defs: { any: { type: ["string", "null"] } } },
    output: { type: "integer" },
    access: ANYONE,
    handler: () => 1,
  }),
].map(({ spec }) => spec);

/** Redocly takes the command from the registry, or from the cache where it was run before. */
async function lint(file: string): ReturnType<typeof run> {
  const flags = ["run", "-A", "--no-config", "--no-lock", LINTER];
  return await run([Deno.execPath(), ...flags, "lint", "--extends=spec", "--format=json", file], {
    env: { REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true", NO_COLOR: "1" },
  });
}

async function absent(): Promise<string | undefined> {
  const version = [Deno.execPath(), "cache", "--no-config", "--no-lock", LINTER];
  const { code } = await run(version);
  return code === 0 ? undefined : `${LINTER} cannot be fetched`;
}

testOrSkip("Redocly finds nothing wrong with the OpenAPI we write", await absent(), async () => {
  const directory = await Deno.makeTempDir();
  const file = join(directory, "openapi.json");
  const document = openApiDocument(SPECS, { title: "Node", version: "1" });
  await Deno.writeTextFile(file, JSON.stringify(document));
  const { output } = await lint(file);
  await Deno.writeTextFile(file, JSON.stringify({ ...document, paths: { x: {} } }));
  const broken = await lint(file);
  await Deno.remove(directory, { recursive: true });
  deepStrictEqual(problems(output), []);
  ok(problems(broken.output).length > 0);
});

function problems(output: string): string[] {
  const report = JSON.parse(output.slice(output.indexOf("{")));
  return report.problems.map(({ ruleId, message }: { ruleId: string; message: string }) =>
    `${ruleId}: ${message}`
  );
}
