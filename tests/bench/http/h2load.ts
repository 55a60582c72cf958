import { type Load, percentiles, type Served, type Subject } from "./load.ts";

/** Windows of 16 MiB a stream and a connection, as browsers have them and h2load has not. */
const WINDOW_BITS = "24";
const DURATION = /finished in [\d.]+m?s, ([\d.]+) req\/s/;

/** Asks with Debian's h2load for so many seconds. */
export async function h2load(subject: Subject, load: Load, seconds: number): Promise<Served> {
  const log = await Deno.makeTempFile();
  const headers = Object.entries(subject.headers).flatMap(([name, value]) => [
    "-H",
    `${name}: ${value}`,
  ]);
  const { code, stdout } = await new Deno.Command("h2load", {
    args: [
      ...load.protocol === "h1" ? ["--h1"] : ["-w", WINDOW_BITS, "-W", WINDOW_BITS],
      ...["-c", `${load.connections}`, "-m", `${load.streams}`, "-D", `${seconds * 1_000}ms`],
      ...["--log-file", log, ...headers],
      `https://localhost:${subject.port}${subject.paths[load.body]}`,
    ],
    stderr: "null",
  }).output();
  const lines = (await Deno.readTextFile(log)).trimEnd().split("\n").map((line) =>
    line.split("\t")
  );
  await Deno.remove(log);
  const text = new TextDecoder().decode(stdout);
  const perSecond = Number(DURATION.exec(text)?.[1]);
  if (code !== 0 || !(perSecond > 0) || lines.some(([, status]) => status !== "200")) {
    throw new TypeError(`h2load failed at ${subject.name}: ${text}`);
  }
  const times = lines.map(([, , microseconds]) => Number(microseconds) / 1_000);
  return { requests: lines.length, perSecond, ...percentiles(times) };
}
