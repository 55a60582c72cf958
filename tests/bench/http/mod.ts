/**
 * What HTTP costs beside Deno's own server and Debian's nginx in the same run: requests over all
 * three versions, and idle WebSockets.
 * `deno run -A --unstable-net tests/bench/http/mod.ts [--quick] [--only TEXT]`, where TEXT is part of
 * `h1 100 B, 32 at once` and the like, `foreign` or `sockets`.
 *
 * @module
 */
import { parseArgs } from "node:util";

import { missing } from "../../tools/programs.ts";
import { figure, table } from "../core/table.ts";
import { foreignRate } from "../h3/foreign.ts";
import { printLine } from "../store/print.ts";
import type { SubjectName } from "./load.ts";
import { LOADS, loadText, type RateResult, rates, ratesTable } from "./rates.ts";
import { startSubjects } from "./subjects.ts";
import { idleWebSockets, webSocketsTable } from "./web_sockets.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
const EFFORT = options.quick ? { rounds: 3, seconds: 1 } : { rounds: 5, seconds: 2 };
const FOREIGN_REQUESTS = options.quick ? 2_000 : 10_000;
const WEB_SOCKETS = options.quick ? 500 : 5_000;

await requests();
if ("foreign".includes(options.only)) await foreign();
if ("sockets".includes(options.only)) await sockets();

async function requests(): Promise<void> {
  const absent = missing("h2load");
  if (absent) return printLine(`h1, h2: left out, ${absent}`);
  const chosen = LOADS.filter((load) => loadText(load).includes(options.only));
  if (chosen.length === 0) return;
  await using stack = new AsyncDisposableStack();
  const names: SubjectName[] = ["ours", "gateway", "deno"];
  if (missing("nginx")) printLine(`nginx: left out, ${missing("nginx")}`);
  else names.push("nginx");
  const subjects = await startSubjects(names, stack);
  const results: RateResult[] = [];
  for (const load of chosen) results.push(...await rates(subjects, load, EFFORT));
  report("Requests", ratesTable(results), results);
}

/** HTTP/3 with a client nobody here wrote. */
async function foreign(): Promise<void> {
  const absent = missing("gtlsclient");
  if (absent) return printLine(`gtlsclient: left out, ${absent}`);
  await using stack = new AsyncDisposableStack();
  const [subject] = await startSubjects(["ours"], stack);
  if (!subject) return;
  const target = { ...subject, path: subject.paths.small };
  await foreignRate(target, FOREIGN_REQUESTS); // warm up
  const result = await foreignRate(target, FOREIGN_REQUESTS);
  const row = ["h3 100 B, one connection", figure(result.perSecond), figure(result.cpuUs)];
  report("ngtcp2's client", table(["", "requests/s", "CPU us server"], [row]), result);
}

async function sockets(): Promise<void> {
  const results = await idleWebSockets(WEB_SOCKETS);
  report(`${WEB_SOCKETS} idle WebSockets`, webSocketsTable(results), results);
}

function report(title: string, text: string, data: unknown): void {
  printLine(`\n${title}\n\n${text}\n\n${JSON.stringify({ title, data })}`);
}
