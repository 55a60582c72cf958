/** Compiles the program into one executable: `dist/alknet-compiled`. `compile.ts [entry [output]]` */
import { resolve } from "node:path";

import { MAIN_ENTRY } from "./bundle/parts.ts";
import { compileArguments, COMPILED } from "./compile/command.ts";
import { run } from "./process.ts";
import { ROOT } from "./root.ts";
import { printLine } from "./terminal.ts";

if (import.meta.main) {
  const [entry = MAIN_ENTRY, output = COMPILED] = Deno.args.map((path) => resolve(path));
  const command = [Deno.execPath(), ...compileArguments(entry, output)];
  const { code } = await run(command, { cwd: ROOT, onLine: printLine });
  if (code !== 0) {
    printLine("compile: if denort could not be fetched, give its path in DENORT_BIN");
    printLine("compile: or use deno task bundle, which needs nothing but the Deno that runs it");
  }
  Deno.exit(code);
}
