import { OperationRegistry } from "@alknet/operations";
import { deepStrictEqual, match, rejects, throws } from "node:assert/strict";
import { join } from "node:path";

import { CliError } from "../errors.ts";
import { loadOperationModules, registerModules } from "./operation_modules.ts";

/** Loads one module with a text, as a configuration beside it would. */
async function loaded(text: string): ReturnType<typeof loadOperationModules> {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(directory, "ops.ts"), text);
    return await loadOperationModules({
      operationModules: ["./ops.ts"],
      file: join(directory, "alknet.toml"),
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const FUNCTION = `export const operations = ({ operation, ANYONE }) => [
  operation({ name: "disk/free", access: ANYONE, handler: () => 1 }),
];`;

Deno.test("a module may export a function that is given @alknet/operations, and grants", async () => {
  const modules = await loaded(FUNCTION + `export const grants = { reaches: ["a/b"] };`);
  const registry = new OperationRegistry();
  registerModules(registry, modules);
  deepStrictEqual(registry.list().map(({ name }) => name), ["disk/free"]);
  deepStrictEqual(modules[0]?.grants, { reaches: ["a/b"] });
});

const WRONG: ReadonlyArray<readonly [text: string, why: RegExp]> = [
  ["export const operation = [];", /"\.\/ops\.ts" has no export "operations"/],
  ["export const operations = [{}];", /has no export "operations"/],
  ["export const operations = 7;", /has no export "operations"/],
  ["export const operations = () => { throw new Error('no disk'); };", /failed: no disk/],
  [
    "export const operations = (api) => [api.operation({ name: '?' })];",
    /Cannot name an operation/,
  ],
  ["export const operations = []; export const grants = 1;", /"grants" that is no object/],
  ["export const operations = ;", /Cannot load operations module "\.\/ops\.ts"/],
];

for (const [text, why] of WRONG) {
  Deno.test(`a module with ${text} is refused with a reason`, async () => {
    await rejects(loaded(text), (error) => {
      match(String(error), why);
      return error instanceof CliError && error.exitCode === 3;
    });
  });
}

Deno.test("a module cannot take a name that is taken", async () => {
  const [one, ...none] = await loaded(FUNCTION);
  deepStrictEqual(none, []);
  const twice = one ? [one, { ...one, specifier: "./other.ts" }] : [];
  throws(
    () => registerModules(new OperationRegistry(), twice),
    /other\.ts" cannot be taken up: Cannot/,
  );
});
