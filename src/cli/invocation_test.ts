import { deepStrictEqual } from "node:assert/strict";
import { programCommand } from "./invocation.ts";

const NOTHING = (): undefined => undefined;

Deno.test("programCommand() runs the module that runs now", () => {
  deepStrictEqual(programCommand(NOTHING, "file:///a%20b/main.ts"), [
    Deno.execPath(),
    "run",
    "-A",
    "-q",
    "--unstable-net",
    "/a b/main.ts",
  ]);
});

Deno.test("programCommand() keeps to the home and to the one-file program", () => {
  const env = new Map([["ALKNET_HOME", "/h"], ["ALKNET_PROGRAM", "/bin/alknet"]]);
  deepStrictEqual(programCommand((name) => env.get(name)), [
    "env",
    "ALKNET_HOME=/h",
    "/bin/alknet",
  ]);
});
