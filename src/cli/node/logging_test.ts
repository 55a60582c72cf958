import { strictEqual } from "node:assert/strict";
import type { LogRecord } from "@logtape/logtape";
import { jsonLine, textLine } from "./logging.ts";

function record(properties: Record<string, unknown>): LogRecord {
  return {
    category: ["alknet", "endpoint"],
    level: "info",
    message: ["connection.opened"],
    rawMessage: "connection.opened",
    timestamp: 0,
    properties,
  };
}

Deno.test("a log line cannot be forged by a value", () => {
  const line = textLine(record({ peer: "a\n1970 info fake", alpn: "h2", none: undefined }));
  strictEqual(
    line,
    '1970-01-01T00:00:00.000Z info    connection.opened peer="a\\n1970 info fake" alpn=h2\n',
  );
});

Deno.test("a JSON line holds errors as text", () => {
  const { error } = JSON.parse(jsonLine(record({ error: new TypeError("Broken") })));
  strictEqual(error, "TypeError: Broken");
});
