/** Checks the documentation of everything packages export. `deno task doc-lint` */
import { entries, packages } from "../arch/workspace.ts";
import { run } from "./process.ts";
import { ROOT } from "./root.ts";
import { printLine } from "./terminal.ts";

const modules = (await packages()).flatMap(entries);
const command = [Deno.execPath(), "doc", "--lint", ...modules];
const { code } = await run(command, { cwd: ROOT, env: { NO_COLOR: "1" } });
printLine(`doc-lint: ${modules.length} modules ${code === 0 ? "are documented" : "checked"}`);
Deno.exit(code);
