import { configure, type LogRecord, reset, type Sink, type TextFormatter } from "@logtape/logtape";
import type { Config } from "../config/config.ts";

/** Sends the events of every package to standard error; until then libraries are silent. */
export async function startLogging(
  { logLevel, logFormat }: Pick<Config, "logLevel" | "logFormat">,
): Promise<AsyncDisposable> {
  const formatter = logFormat === "json" ? jsonLine : textLine;
  await configure({
    sinks: { stderr: stderrSink(formatter) },
    loggers: [
      { category: ["alknet"], lowestLevel: logLevel, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
    ],
  });
  return { [Symbol.asyncDispose]: () => reset() };
}

/** `time level event field=value …` */
export function textLine(record: LogRecord): string {
  const fields = Object.entries(record.properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${quoted(textOf(value))}`);
  const time = new Date(record.timestamp).toISOString();
  return [time, record.level.padEnd(7), String(record.rawMessage), ...fields].join(" ") + "\n";
}

/** One JSON object a line. */
export function jsonLine(record: LogRecord): string {
  const fields = Object.entries(record.properties).map(([name, value]) => [
    name,
    value instanceof Error ? textOf(value) : value,
  ]);
  return JSON.stringify({
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    event: String(record.rawMessage),
    ...Object.fromEntries(fields),
  }) + "\n";
}

function stderrSink(formatter: TextFormatter): Sink {
  const encoder = new TextEncoder();
  return (record) => void Deno.stderr.writeSync(encoder.encode(formatter(record)));
}

function textOf(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}

/** Quotes what holds spaces or anything that could forge another field or line. */
function quoted(text: string): string {
  return /^[\w.:@/+-]+$/.test(text) ? text : JSON.stringify(text);
}
