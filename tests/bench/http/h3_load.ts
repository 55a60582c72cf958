import { dial } from "@alknet/client";
import { connectH3, type H3Client } from "@alknet/h3";

import { type Load, percentiles, type Served, type Subject } from "./load.ts";

/** Asks with our own client over HTTP/3 for so many seconds. */
export async function h3Load(subject: Subject, load: Load, seconds: number): Promise<Served> {
  await using stack = new AsyncDisposableStack();
  const clients: H3Client[] = [];
  for (let count = 0; count < load.connections; count++) {
    clients.push(
      stack.use(connectH3(await dial(subject.target ?? "", { alpn: "h3", transports: ["quic"] }))),
    );
  }
  const url = `https://localhost:${subject.port}${subject.paths[load.body]}`;
  const times: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1_000;
  await Promise.all(clients.flatMap((client) =>
    Array.from({ length: load.streams }, async () => {
      for (let now = performance.now(); now < endsAt; now = performance.now()) {
        await get(client, url, subject.headers);
        times.push(performance.now() - now);
      }
    })
  ));
  const perSecond = times.length / (performance.now() - startedAt) * 1_000;
  return { requests: times.length, perSecond, ...percentiles(times) };
}

async function get(client: H3Client, url: string, headers: HeadersInit): Promise<void> {
  const response = await client.fetch(url, { headers });
  if (response.status !== 200) throw new TypeError(`${url} was answered ${response.status}`);
  await response.bytes();
}
