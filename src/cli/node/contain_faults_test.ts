import { strictEqual } from "node:assert/strict";
import { configure, type LogRecord, reset } from "@logtape/logtape";

import { containFaults } from "./contain_faults.ts";

Deno.test("containFaults() logs what nobody waits for, and the process goes on", async () => {
  const records: LogRecord[] = [];
  await configure({
    sinks: { records: (record) => records.push(record) },
    loggers: [
      { category: ["alknet"], lowestLevel: "error", sinks: ["records"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: [] },
    ],
  });
  try {
    using _contained = containFaults();
    void Promise.reject(new Error("left alone"));
    await new Promise((resolve) => setTimeout(resolve));
    reportError(new Error("thrown in a listener"));
    const errors = records.map(({ properties }) => (properties["error"] as Error).message);
    strictEqual(errors.join(), "left alone,thrown in a listener");
  } finally {
    await reset();
  }
});
