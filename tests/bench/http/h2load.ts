import { type Load, percentiles, type Served, type Subject } from "./load.ts";

/** Windows of 16 MiB a stream and a connection, as browsers have them and h2load has not. */
const WINDOW_BITS = "24";
const DURATION = /finished in [\d.]+m?s, ([\d.]+) req\/s/;

/** Makes so many requests with Debian's h2load. */
export async function h2load(subject: Subject, load: Load, requests: number): Promise<Served> {
  const log = await Deno.makeTempFile();
  const headers = Object.entries(subject.headers).flatMap(([name, value]) => [
    "-H",
    `${name}: ${value}`,
  ]);
  const { code, stdout } = await new Deno.Command("h2load", {
    args: [
      ...load.protocol === "h1" ? ["--h1"] : ["-w", WINDOW_BITS, "-W", WINDOW_BITS],
      ...["-c", `${load.connections}`, "-m", `${load.streams}`, "-n", `${requests}`],
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
  const answered = lines.filter(([, status]) => status === "200").length;
  if (code !== 0 || answered !== requests) {
    throw new TypeError(`h2load failed at ${subject.name}: ${text}`);
  }
  const times = lines.map(([, , microseconds]) => Number(microseconds) / 1_000);
  return { perSecond, ...percentiles(times) };
}
