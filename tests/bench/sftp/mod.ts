/**
 * SFTP beside OpenSSH's sftp-server in the same run, turn and turn about.
 * `deno run -A --unstable-net tests/bench/sftp/mod.ts [--quick] [--only TEXT]`, where TEXT
 * is part of a subject's name; `sshd` is always there.
 *
 * @module
 */
import { parseArgs } from "node:util";

import { figure, table } from "../core/table.ts";
import { printLine } from "../store/print.ts";
import {
  middle,
  nodeSubject,
  type Sample,
  sshSubject,
  stdioSubjects,
  type Subject,
  type Task,
  TASKS,
} from "./subjects.ts";
import { FULL, makePlace, QUICK, type Workload } from "./workload.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
const workload = options.quick ? QUICK : FULL;

await using place = await makePlace(workload);
await using stack = new AsyncDisposableStack();
const subjects: Subject[] = [
  ...await stdioSubjects(place),
  await nodeSubject("tls", place),
  await nodeSubject("quic", place),
  await sshSubject(place),
];
for (const subject of subjects) stack.use(subject);
const chosen = subjects.filter(({ name }) => name.includes(options.only) || name === "sshd");
const samples = new Map<string, Sample[]>();
for (let round = 0; round < workload.rounds; round++) {
  for (const subject of chosen) {
    await place.clear();
    for (const task of TASKS) {
      const key = `${subject.name} ${task}`;
      samples.set(key, [...samples.get(key) ?? [], await subject.run(task, place)]);
    }
  }
}
report(workload);

function report({ bulkBytes, files }: Workload): void {
  const rate = (task: Task, { seconds }: Sample): number =>
    task.includes("many") ? files / seconds : bulkBytes / 1e6 / seconds;
  const rows = TASKS.map((task) => {
    const results = chosen.map(({ name }) => middle(samples.get(`${name} ${task}`) ?? []));
    return [
      `${task} (${task.includes("many") ? "files/s" : "MB/s"})`,
      ...results.map((result) => figure(rate(task, result))),
      ...results.map(({ cpuSeconds }) => figure(cpuSeconds)),
    ];
  });
  const names = chosen.map(({ name }) => name);
  printLine(table(["", ...names, ...names.map((name) => `CPU s ${name}`)], rows));
  printLine(JSON.stringify({ workload, samples: Object.fromEntries(samples) }));
}
