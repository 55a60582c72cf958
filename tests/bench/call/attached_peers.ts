/**
 * A head with many workers attached to it: the head is this process, the workers are one other,
 * each with a key and a connection of its own.
 */
import { call } from "@alknet/call";
import { type Identity, NOBODY, serve } from "@alknet/core";
import { anyPeer, PeerCompositeEnv, type PeerRef, specificPeer } from "@alknet/operations";

import { PeerLinks } from "../../../src/cli/node/peer_links.ts";
import { collectGarbage } from "../../tools/heap.ts";
import { figure, table } from "../core/table.ts";
import { WORK } from "./many_workers.ts";

/** What was measured for one way to choose the worker. */
export interface RoutedResult {
  readonly way: string;
  readonly concurrency: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** What was measured. */
export interface AttachedResult {
  readonly transport: string;
  readonly workers: number;
  readonly attachSeconds: number;
  readonly bytesPerPeer: number;
  readonly routed: readonly RoutedResult[];
}

const WAYS: Readonly<Record<string, (id: string) => PeerRef>> = {
  "each by its id": (id) => specificPeer(id),
  "any, round-robin": () => anyPeer({ policy: "round-robin" }),
  "any, least-pending": () => anyPeer({ policy: "least-pending" }),
};

/** The same in a process of its own, whose memory nothing else has stretched. */
export async function attachedPeers(
  transport: "quic" | "tls",
  workers: number,
  durationMs: number,
): Promise<AttachedResult> {
  const script = new URL(import.meta.url).pathname;
  const flags = ["-A", "--no-check", "--v8-flags=--expose-gc"];
  const args = ["run", ...flags, script, transport, String(workers), String(durationMs)];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Attaches so many workers over one transport and calls them. */
async function measure(
  transport: "quic" | "tls",
  workers: number,
  durationMs: number,
): Promise<AttachedResult> {
  const ids = new Map<string, Identity>();
  const identities = { ...NOBODY, fromFingerprint: (key: string) => ids.get(key) };
  const changed = { wake: (): void => {} };
  const env = new PeerCompositeEnv({ onChange: () => changed.wake() });
  const links = new PeerLinks(env, "head");
  const handler = call({
    dispatcher: { kindOf: () => undefined, call: nothing, async *subscribe() {} },
    onConnect: (client, conn, ctx) => links.accepted(client, conn, ctx),
  });
  const limits = { maxConnectionsPerAddress: workers + 1, maxHandshakes: workers + 1 };
  await using node = await serve({
    hostname: "127.0.0.1",
    handlers: [handler],
    identities,
    limits,
  });
  const child = startWorkers(workers);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: keys = "[]" } = await wholeLine(lines);
  for (const [at, key] of (JSON.parse(keys) as string[]).entries()) {
    ids.set(key, { id: `worker-${at}`, scopes: [], resources: {} });
  }
  const before = await memory();
  const begun = performance.now();
  const attached = new Promise<void>((resolve) => {
    changed.wake = () => env.peers().length === workers && resolve();
  });
  const writer = child.stdin.getWriter();
  const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
  await writer.write(new TextEncoder().encode(`${JSON.stringify({ target, transport })}\n`));
  await attached;
  const attachSeconds = (performance.now() - begun) / 1_000;
  const bytesPerPeer = (await memory() - before) / workers;
  const routed: RoutedResult[] = [];
  for (const [way, refOf] of Object.entries(WAYS)) {
    for (const concurrency of [1, 32]) {
      routed.push({
        way,
        concurrency,
        ...await route(env, refOf, { workers, concurrency, durationMs }),
      });
    }
  }
  await writer.close();
  await lines.cancel();
  await child.status;
  return { transport, workers, attachSeconds, bytesPerPeer, routed };
}

/** Results as a table. */
export function attachedTable(results: readonly AttachedResult[]): string {
  const headings = ["routed", "calls/s", "p50 ms", "p99 ms"];
  const rows = results.flatMap(({ transport, routed }) =>
    routed.map(({ way, concurrency, perSecond, p50, p99 }) => [
      `${transport}, ${way}, ${concurrency} at once`,
      figure(perSecond),
      figure(p50),
      figure(p99),
    ])
  );
  const heads = results.map(({ transport, workers, attachSeconds, bytesPerPeer }) => [
    transport,
    figure(workers),
    figure(attachSeconds),
    figure(bytesPerPeer / 1_000),
  ]);
  const attaching = ["over", "workers", "s until all attached", "kB of the head each"];
  return `${table(attaching, heads)}\n\n${table(headings, rows)}`;
}

async function route(
  env: PeerCompositeEnv,
  refOf: (id: string) => PeerRef,
  { workers, concurrency, durationMs }: {
    readonly workers: number;
    readonly concurrency: number;
    readonly durationMs: number;
  },
): Promise<Omit<RoutedResult, "way" | "concurrency">> {
  const latencies: number[] = [];
  const begun = performance.now();
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let now = begun; now - begun < durationMs; now = performance.now()) {
      const dispatcher = env.find(WORK, refOf(`worker-${next++ % workers}`));
      const { signal } = new AbortController();
      const request = { requestId: crypto.randomUUID(), signal, origin: "internal" } as const;
      await dispatcher?.call(WORK, "x".repeat(100), request);
      latencies.push(performance.now() - now);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  const seconds = (performance.now() - begun) / 1_000;
  latencies.sort((a, b) => a - b);
  const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? NaN;
  return { perSecond: latencies.length / seconds, p50: at(0.5), p99: at(0.99) };
}

function startWorkers(count: number): Deno.ChildProcess {
  const script = new URL("./many_workers.ts", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, String(count)],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
}

async function wholeLine(
  reader: ReadableStreamDefaultReader<string>,
): Promise<{ readonly value: string }> {
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  return { value: text };
}

/** Resident memory, after collecting what nobody holds. */
async function memory(): Promise<number> {
  await collectGarbage();
  return Deno.memoryUsage().rss;
}

function nothing(): Promise<unknown> {
  return Promise.resolve(null);
}

if (import.meta.main) {
  const [transport = "", workers, durationMs] = Deno.args;
  const over = transport === "quic" ? "quic" : "tls";
  const result = await measure(over, Number(workers), Number(durationMs));
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(result)));
}
