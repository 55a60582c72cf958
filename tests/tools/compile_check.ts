/**
 * Checks that `deno compile` takes every handler, worker and asset along. The base it needs
 * (denort) cannot be fetched everywhere: without one in DENORT_BIN a stand-in takes its place, and
 * the parts are found in the result, but nothing of it is run. `compile_check.ts [entry]`
 */
import { join, resolve } from "node:path";

import { MAIN_ENTRY, WORKERS } from "./bundle/parts.ts";
import { compileArguments } from "./compile/command.ts";
import { absentParts, fileMarker, handlerMarkers } from "./compile/markers.ts";
import { runTool, ToolError } from "./errors.ts";
import { capture, must } from "./process.ts";
import { ROOT } from "./root.ts";
import { print, printLine } from "./terminal.ts";

const STAND_IN = "/bin/true";

async function check(entry: string): Promise<void> {
  const denort = await realDenort();
  const dir = await Deno.makeTempDir({ prefix: "alknet-compile-" });
  try {
    const output = join(dir, "alknet");
    await compile(entry, output, denort ?? STAND_IN);
    await checkParts(output, denort !== undefined);
    if (denort) await start(output);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** The base in DENORT_BIN; deno itself is refused: what it makes runs as deno, whatever is in it. */
async function realDenort(): Promise<string | undefined> {
  const path = Deno.env.get("DENORT_BIN");
  if (!path) return undefined;
  const { output } = await capture([path, "--version"]);
  if (/^deno \d/m.test(output)) throw new ToolError(`DENORT_BIN is deno and not denort: "${path}"`);
  return path;
}

async function compile(entry: string, output: string, denort: string): Promise<void> {
  const command = [Deno.execPath(), ...compileArguments(entry, output)];
  const result = await capture(command, { cwd: ROOT, env: { DENORT_BIN: denort, NO_COLOR: "1" } });
  if (result.code === 0) return;
  print(result.output);
  throw new ToolError("Cannot compile: see the output of deno compile above");
}

async function checkParts(output: string, executed: boolean): Promise<void> {
  const workers = WORKERS.map((worker) => fileMarker(worker.entry, ROOT));
  const markers = [...await handlerMarkers(ROOT), ...await Promise.all(workers)];
  const absent = absentParts(await Deno.readFile(output), markers);
  for (const { part } of markers) {
    const missing = absent.find((marker) => marker.part === part)?.texts;
    const found = executed ? "embedded" : "embedded, not executed";
    printLine(`compile: ${part}: ${missing ? `MISSING ${missing.join(" ")}` : found}`);
  }
  if (absent.length > 0) throw new ToolError(`Compiled without ${absent.length} of its parts`);
}

async function start(output: string): Promise<void> {
  const version = await must([output, "--version"]);
  printLine(`compile: executed: ${version.trim()}`);
}

if (import.meta.main) {
  const [entry = MAIN_ENTRY] = Deno.args;
  await runTool("compile", () => check(resolve(ROOT, entry)));
}
