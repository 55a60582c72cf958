import { dial } from "@alknet/client";
import { connectH3, type H3Client } from "@alknet/h3";

import { type Load, percentiles, type Served, type Subject } from "./load.ts";

/** Makes so many requests with our own client over HTTP/3. */
export async function h3Load(subject: Subject, load: Load, requests: number): Promise<Served> {
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
  let left = requests;
  await Promise.all(clients.flatMap((client) =>
    Array.from({ length: load.streams }, async () => {
      while (left-- > 0) {
        const askedAt = performance.now();
        await get(client, url, subject.headers);
        times.push(performance.now() - askedAt);
      }
    })
  ));
  const perSecond = requests / (performance.now() - startedAt) * 1_000;
  return { perSecond, ...percentiles(times) };
}

async function get(client: H3Client, url: string, headers: HeadersInit): Promise<void> {
  const response = await client.fetch(url, { headers });
  if (response.status !== 200) throw new TypeError(`${url} was answered ${response.status}`);
  await response.bytes();
}
